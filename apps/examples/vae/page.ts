import type { PagePlan, Source } from "../runner/page_plan.ts";

const PYTORCH: Source = {
  text: "the same network in PyTorch",
  url: "https://github.com/pytorch/examples/tree/main/vae",
};

/** The page of a run. */
export const page: PagePlan = {
  title: "A variational autoencoder of digits",
  lesson:
    "An image becomes a distribution over a few numbers, its code, and any code becomes an image. Since the codes are kept near the normal " +
    "distribution, random ones give new digits, and the line between two codes passes through digits.",
  pictures: {
    "samples.svg": "Images decoded from random normal codes. Every row has the same codes, an epoch later.",
    "interpolations.svg": "From one test digit to another, along the line between their codes; a row per epoch.",
    "reconstructions.svg": "Test digits, and under each what is left of it after its code.",
    "elbo.svg": "Lower bound of the log-likelihood of an image, in nats, by epoch; higher is better.",
    "map.svg": "The image of every code of two numbers.",
    "codes.svg": "Where the test digits lie on that map: the network was never told their labels.",
  },
  figures: {
    testElbo: {
      label: "Lower bound (ELBO) of a test digit",
      unit: "nats",
      digits: 1,
      list: "last",
      literature: [
        { value: "−105.4 nats", of: "MNIST, codes of 20, 10 epochs", source: PYTORCH },
        { value: "−154.4 nats", of: "codes of 2", source: PYTORCH },
      ],
    },
    reconstruction: { label: "of which reconstruction costs", unit: "nats", digits: 1 },
    divergence: { label: "and the divergence of the codes", unit: "nats", digits: 1 },
    latent: { label: "numbers in a code", setting: true },
  },
  sources: [{ text: "Kingma and Welling 2014", url: "https://arxiv.org/abs/1312.6114" }],
};
