/** The pages of the basics: one for all of them, and a section or page for each. */
import type { FigurePlan, PagePlan } from "../runner/page_plan.ts";

const percent = (label: string, digits = 2): FigurePlan => ({ label, unit: "%", digits });
const plain = (label: string, digits?: number): FigurePlan => ({ label, ...(digits !== undefined && { digits }) });

const MNIST_PAGE = { text: "MNIST's page", url: "https://web.archive.org/web/2023/http://yann.lecun.com/exdb/mnist/" };

const KLEINBAUM = {
  text: "Kleinbaum and Kupper 1978, newer edition",
  url: "https://search.worldcat.org/isbn/9781285051086",
};

/** The page of all. */
export const page: PagePlan = {
  title: "The basics in code",
  lesson: "From tensors to backpropagation: short programs, each with one thing to see.",
  pictures: {},
  figures: {
    examples: {
      label: "Time of each",
      columns: { example: plain("example"), seconds: { label: "time", unit: "s", digits: 2 } },
    },
    seconds: { label: "seconds in all", digits: 1, setting: true },
  },
};

/** By the name of the example. */
export const PAGES: Readonly<Record<string, PagePlan>> = {
  "tensors": {
    title: "Tensors",
    lesson:
      "A tensor is memory with a shape, strides and an offset. Views and broadcasting change these three and copy nothing.",
    pictures: {
      "views.svg": "Four views of the same twelve numbers: only shape, strides and offset differ.",
      "broadcasting.svg": "Tinted cells are not in memory: a stride of 0 reads the same number again.",
    },
    figures: {
      shown: {
        label: "Code and what it prints",
        columns: { code: { label: "code", code: true }, prints: { label: "prints", code: true } },
      },
      refusal: plain("What shapes that do not fit say"),
    },
  },
  "linear-regression": {
    title: "Linear regression",
    lesson:
      "Least squares gives the line in one step. Gradient descent needs many, and very many where one input is much larger than the other: standardise first.",
    pictures: {
      "fit.svg":
        "Blood pressure (mm Hg) by age (years): the line of least squares, and where descent on ages in years is after all its steps.",
      "descent.svg": "Mean squared error above the smallest, by step: with standardised ages descent is there at once.",
    },
    figures: {
      intercept: { ...plain("Intercept", 3), literature: { value: "98.7", source: KLEINBAUM } },
      slope: { label: "Slope", unit: "mm Hg per year", digits: 4, literature: { value: "0.971", source: KLEINBAUM } },
      meanSquaredError: { label: "Mean squared error", unit: "(mm Hg)²", digits: 1 },
      descentIntercept: plain("Intercept after descent", 3),
      descentSlope: { label: "Slope after descent", unit: "mm Hg per year", digits: 4 },
      descent: {
        label: "Descent",
        columns: {
          step: plain("step"),
          lossOfAges: plain("error with ages in years", 2),
          lossOfStandardisedAges: plain("with standardised ages", 2),
        },
      },
    },
  },
  "polynomial-regression": {
    title: "Polynomials: too stiff, too flexible",
    lesson:
      "A model that is too simple is wrong in the same way for every training set; one that is too flexible is wrong in another way for each.",
    pictures: {
      "degrees.svg": "A line cannot follow the truth; degree 9 follows the noise.",
      "penalties.svg": "A penalty on the coefficients smooths a polynomial of degree 9, in the end too much.",
      "errors.svg":
        "Mean squared error by degree and by penalty: the train error falls with flexibility, the test error falls and rises.",
      "spread.svg": "Bias is the distance of the mean from the truth, variance the spread of the fits around the mean.",
      "bias-variance.svg": "Both add up to the error. The best degree balances them.",
    },
    figures: {
      byDegree: {
        label: "By degree",
        columns: { degree: plain("degree"), trainError: plain("train error", 4), testError: plain("test error", 4) },
      },
      byPenalty: {
        label: "Degree 9, by penalty",
        columns: {
          penalty: plain("penalty"),
          trainError: plain("train error", 4),
          testError: plain("test error", 4),
          largestCoefficient: plain("largest coefficient", 1),
        },
      },
      biasVariance: {
        label: "Over many training sets",
        columns: {
          degree: plain("degree"),
          squaredBias: plain("squared bias", 4),
          variance: plain("variance", 4),
          sum: plain("their sum", 4),
          meanError: plain("mean error", 4),
        },
      },
    },
  },
  "nearest-neighbours": {
    title: "Nearest neighbours",
    lesson:
      "Nothing is trained: a new point gets the label of its neighbours. One neighbour repeats every wrong label, many outvote it.",
    pictures: {
      "plane.svg": "Two classes, a tenth of the labels wrong. One neighbour repeats each wrong label; 51 outvote it.",
      "radial.svg":
        "Test error, in percent, by the share of wrong training labels: 51 neighbours outvote them, and the distance from the centre is the better feature.",
      "mistakes.svg": "Test digits misclassified by one neighbour, each beside its nearest training digit.",
    },
    figures: {
      radial: {
        label: "Test errors in the plane",
        columns: {
          wrongLabelsPercent: percent("wrong labels", 0),
          planeK1: percent("plane, K = 1"),
          planeK51: percent("plane, K = 51"),
          radiusK1: percent("radius, K = 1"),
          radiusK51: percent("radius, K = 51"),
        },
      },
      digits: {
        label: "Test errors on digits",
        literature: { value: "3.09%", of: "K = 1 on all of MNIST", source: MNIST_PAGE },
        columns: { k: plain("neighbours"), testErrorPercent: percent("test error") },
      },
    },
  },
  "generative-classifier": {
    title: "Two Gaussians and Bayes's rule",
    lesson:
      "Fit a distribution to each class, weigh them by how frequent the classes are, and decide for the likelier. No rule does much better here.",
    pictures: {
      "heights.svg":
        "Heights in cm: the densities, scaled by the frequencies of the classes, cross where the odds are even.",
    },
    figures: {
      leastErrorPercent: percent("Lowest error of any rule"),
      gaussians: {
        label: "The fitted Gaussians",
        columns: {
          class: plain("class"),
          mean: { label: "mean", unit: "cm", digits: 1 },
          deviation: { label: "deviation", unit: "cm", digits: 1 },
          prior: { label: "share of the people", unit: "%", times: 100, digits: 1 },
        },
      },
      rules: {
        label: "Rules",
        columns: {
          rule: plain("rule"),
          threshold: { label: "boundary", unit: "cm", digits: 1 },
          trainErrorPercent: percent("train error"),
          testErrorPercent: percent("test error"),
        },
      },
    },
  },
  "perceptron": {
    title: "The perceptron",
    lesson:
      "Every mistake changes the weights, until there are none: where classes are separable this ends, after no more mistakes than Novikoff's bound.",
    pictures: {
      "errors.svg": "Misclassified digits 0 and 1, in percent, by epoch.",
      "weights.svg": "The weights after the last epoch, as an image: orange speaks for 1, blue for 0.",
      "products.svg":
        "8 against the rest, error in percent: a plane in the space of products is a curved surface in the space of pixels.",
    },
    figures: {
      byEpoch: {
        label: "0 against 1",
        columns: {
          epoch: plain("epoch"),
          mistakes: plain("mistakes"),
          trainErrorPercent: percent("train error"),
          testErrorPercent: percent("test error"),
        },
      },
      bound: {
        label: "Mistakes and their bound",
        columns: {
          weights: plain("weights"),
          radius: plain("radius", 2),
          margin: plain("margin", 4),
          mistakes: plain("mistakes"),
          atMost: plain("at most"),
        },
      },
      eightAgainstRest: {
        label: "8 against the rest",
        columns: {
          products: plain("products of pixels"),
          trainErrorPercent: percent("train error"),
          testErrorPercent: percent("test error"),
          averagedTestErrorPercent: percent("test error of the mean weights"),
        },
      },
    },
    sources: [{ text: "Rosenblatt 1958", url: "https://doi.org/10.1037/h0042519" }],
  },
  "svm": {
    title: "Support vector machines",
    lesson:
      "Of all lines that separate two classes, the one with the widest margin. Few points determine it, and the others could move freely.",
    pictures: {
      "lines.svg": "Ringed: support vectors, the points on or inside the margin, which alone determine the line.",
    },
    figures: {
      "margins.perceptron": plain("Margin of the perceptron's line", 3),
      "margins.widest": plain("Widest margin of 20,000 directions", 3),
      apart: { label: "Classes that are apart", columns: machineColumns() },
      mixed: { label: "Classes that are mixed", columns: machineColumns() },
    },
    sources: [{ text: "Cortes and Vapnik 1995", url: "https://doi.org/10.1007/BF00994018" }],
  },
  "logistic-regression": {
    title: "Logistic regression",
    lesson: "The gradient by hand and by autograd is the same. Whether descent arrives depends on the step size.",
    pictures: {
      "paths.svg":
        "Descent over the loss (lighter is lower): too small a step does not arrive in time, too large a one oscillates.",
      "losses.svg": "Loss above the smallest, in nats, by step, for each step size.",
      "probabilities.svg": "The probability is one half on a line, and changes steadily across it.",
    },
    figures: {
      least: { label: "Smallest loss", unit: "nats", digits: 4 },
      gradients: {
        label: "Gradients",
        columns: {
          w: plain("at w", 2),
          byHand: plain("by hand", 6),
          byAutograd: plain("by autograd", 6),
          largestDifference: plain("largest difference"),
        },
      },
      descent: {
        label: "Descent",
        columns: {
          stepSize: plain("step size"),
          stepsToWithinThousandth: plain("steps to within a thousandth"),
          lossAfterAll: { label: "loss after all steps", unit: "nats", digits: 4 },
        },
      },
    },
  },
  "xor": {
    title: "XOR",
    lesson:
      "No line separates the four corners, a product of the inputs does, and a network with two hidden units finds such a feature by itself.",
    pictures: {
      "inputs.svg":
        "A line classifies at most three clouds correctly; a product of the inputs, or two hidden units, separate all four.",
      "hidden.svg": "The first layer moves the clouds so that a line separates them.",
    },
    figures: {
      separableByALine: {
        ...plain("Labellings of four corners that a line separates, of 16"),
        literature: { value: "14", source: { text: "Cover 1965", url: "https://doi.org/10.1109/PGEC.1965.264137" } },
      },
      separableWithTheProduct: plain("the same with x₁ · x₂"),
      lineErrorPercent: percent("Error of the line", 1),
      productErrorPercent: percent("Error with the product", 1),
      networkErrorPercent: percent("Error of two hidden units, the best of 50 starts", 1),
      byWidth: {
        label: "Networks by width",
        columns: {
          hiddenUnits: plain("hidden units"),
          learned: plain("learned it"),
          bestErrorPercent: percent("best error", 1),
          worstErrorPercent: percent("worst error", 1),
        },
      },
      separated: {
        label: "All labellings",
        columns: { classes: plain("corners"), byALine: plain("by a line"), withTheProduct: plain("with x₁ · x₂") },
      },
    },
  },
  "approximation": {
    title: "A sine from ReLUs",
    lesson: "A sum of ReLUs is a line with kinks. With every doubling of their number the error falls to a quarter.",
    pictures: {
      "fits.svg": "Learned kinks move to where they help most.",
      "parts.svg": "Each ReLU changes the slope of the sum from its kink on.",
      "errors.svg":
        "Largest error by the number of ReLUs: by formula, by least squares, by gradient descent, and what theory allows.",
    },
    figures: {
      points: { label: "points", setting: true },
      errors: {
        label: "Largest errors",
        columns: {
          width: plain("ReLUs"),
          bound: plain("bound", 4),
          byFormula: plain("by formula", 4),
          byLeastSquares: plain("by least squares", 4),
          learned: plain("learned", 4),
        },
      },
    },
    sources: [{ text: "Cybenko 1989", url: "https://doi.org/10.1007/BF02551274" }],
  },
  "backprop-by-hand": {
    title: "Backpropagation by hand",
    lesson: "Two layers, and every gradient written out. Autograd computes the same to the last bits.",
    pictures: {
      "errors.svg": "Misclassified digits, in percent, by epoch.",
      "weights.svg":
        "The sum of all gradients of a unit's weights shows the strokes that it detects; pixels that never have ink stay unchanged.",
    },
    figures: {
      testErrorPercent: percent("Test error"),
      trainErrorPercent: percent("Train error"),
      gradients: {
        label: "By hand against autograd",
        columns: {
          weights: plain("weights"),
          shape: plain("shape"),
          differenceInFloat32: plain("difference in float32"),
          differenceInFloat64: plain("difference in float64"),
        },
      },
      history: {
        label: "By epoch",
        columns: {
          epoch: plain("epoch"),
          trainLoss: { label: "training loss", unit: "nats", digits: 4 },
          trainErrorPercent: percent("train error"),
          testErrorPercent: percent("test error"),
        },
      },
      hidden: { label: "hidden units", setting: true },
    },
    sources: [{ text: "Rumelhart et al. 1986", url: "https://doi.org/10.1038/323533a0" }],
  },
  "optimisers": {
    title: "Optimisers",
    lesson:
      "Few accurate steps or many noisy ones; rates that adapt to each weight; and a rate that falls, so that the noise does.",
    pictures: {
      "batches.svg": "The same number of visits to every point: few accurate steps, or many noisy ones.",
      "rules.svg":
        "Adaptive rates help along the axes; the rotated valley is harder for them, and the same for descent and momentum.",
      "schedules.svg":
        "With a constant rate the loss keeps fluctuating above the minimum; with a decaying one it converges.",
    },
    figures: {
      best: plain("The minimum", 4),
      batches: {
        label: "Batch sizes",
        columns: {
          way: plain("way"),
          batch: plain("batch"),
          rate: plain("rate"),
          steps: plain("steps"),
          lossAboveSmallest: plain("loss above the smallest"),
        },
      },
      rules: {
        label: "Update rules",
        columns: {
          landscape: plain("landscape"),
          rule: plain("rule"),
          stepsToOnePercent: plain("steps to 1%"),
          lastLoss: plain("last loss"),
          differenceFromLibrary: plain("difference from the library's"),
        },
      },
      decays: {
        label: "Schedules",
        columns: {
          schedule: plain("schedule"),
          lastRate: plain("last rate"),
          lossAboveSmallest: plain("loss above the smallest"),
        },
      },
    },
    sources: [{ text: "Kingma and Ba 2015, Adam", url: "https://arxiv.org/abs/1412.6980" }],
  },
  "regularisation": {
    title: "Regularisation",
    lesson:
      "On few digits, some of them mislabelled, a network learns the wrong labels too, unless something holds it back.",
    pictures: {
      "curves.svg":
        "Cross-entropy, in nats, by epoch: without regularisation the validation loss rises while the training loss falls.",
      "weights.svg":
        "The weights of some units: L1 keeps a few and sets the others to zero, L2 makes all of them small and smooth.",
    },
    figures: {
      train: { label: "training digits", setting: true },
      validation: { label: "validation digits", setting: true },
      methods: {
        label: "Methods",
        columns: {
          method: plain("method"),
          epochs: plain("epochs"),
          trainErrorPercent: percent("train error", 1),
          validationErrorPercent: percent("validation error", 1),
          testErrorPercent: percent("test error", 1),
          testLoss: { label: "test loss", unit: "nats", digits: 3 },
          weightNorm: plain("norm of the weights", 1),
          weightsNearZeroPercent: percent("weights near zero", 1),
        },
      },
    },
    sources: [{ text: "Srivastava et al. 2014, dropout", url: "https://jmlr.org/papers/v15/srivastava14a.html" }],
  },
  "evaluation": {
    title: "Honest errors",
    lesson: "Whatever is chosen by a set of examples looks better on it than it is: the model, the seed, the columns.",
    pictures: {
      "seeds.svg":
        "Error in percent of the best of some seeds: what is claimed falls with every seed tried, what is true does not.",
      "cross-validation.svg":
        "Error in percent by penalty: cross-validation finds the penalty without touching the test set.",
    },
    figures: {
      models: { label: "models", setting: true },
      procedures: {
        label: "Procedures",
        columns: {
          procedure: plain("procedure"),
          claimedErrorPercent: percent("claimed error"),
          realErrorPercent: percent("real error"),
          tooLowBy: { label: "too low by", unit: "points", digits: 2 },
        },
      },
      bestOfSeeds: {
        label: "The best of some seeds",
        columns: {
          seedsTried: plain("seeds tried"),
          claimedErrorPercent: percent("claimed error"),
          realErrorPercent: percent("real error"),
        },
      },
      crossValidation: {
        label: "Cross-validation",
        columns: {
          penalty: plain("penalty"),
          trainErrorPercent: percent("train error"),
          crossValidationErrorPercent: percent("cross-validation error"),
          lowestFold: percent("lowest fold"),
          highestFold: percent("highest fold"),
          realErrorPercent: percent("real error"),
        },
      },
      leak: {
        label: "Columns of noise, labels by a coin",
        columns: { columnsSelected: plain("columns selected"), errorPercent: percent("error") },
      },
    },
  },
  "equivariance-1d": {
    title: "Shifts",
    lesson:
      "On a ring a convolution of a shifted signal is the shifted convolution. Borders, strides and pools take some of that away.",
    pictures: {
      "shifted.svg": "On a ring the result shifts with the signal; with a stride or a pool of 2 the numbers change.",
      "distance.svg": "How far the result is from a shift of itself, by the shift of the signal: 0 is equivariant.",
    },
    figures: {
      signal: plain("Signal"),
      kernel: plain("Kernel"),
      matrix: plain("The convolution as a matrix on a ring, row by row"),
      outcomes: {
        label: "Results",
        columns: {
          operation: plain("operation"),
          of: plain("of the signal"),
          ofShifted: plain("of the shifted signal"),
        },
      },
      sizes: {
        label: "Sizes",
        columns: {
          kernel: plain("kernel"),
          stride: plain("stride"),
          padding: plain("padding"),
          numbers: plain("numbers"),
          formula: plain("by formula"),
        },
      },
      distances: {
        label: "Distance to the nearest shift",
        columns: {
          "shift": plain("shift"),
          "… padded by a zero": plain("padded by a zero"),
          "… on a ring": plain("on a ring"),
          "… on a ring, stride 2": plain("stride 2"),
          "… on a ring, max-pool 2": plain("max-pool 2"),
          "… on a ring, average-pool 2": plain("average-pool 2"),
          "… on a ring, largest of all": plain("largest of all"),
        },
      },
    },
  },
};

function machineColumns(): Readonly<Record<string, FigurePlan>> {
  return {
    penalty: plain("penalty"),
    halfMargin: plain("half the margin", 3),
    nearest: plain("nearest point", 3),
    supportVectors: plain("support vectors"),
    trainErrorPercent: percent("train error", 1),
  };
}
