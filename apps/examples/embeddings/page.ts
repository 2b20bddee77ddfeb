import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "Words as vectors",
  lesson:
    "A vector for each word, learned from nothing but which words occur near which. Words of similar use get similar vectors, and dot " +
    "products approximate how much more often two words meet than by chance.",
  pictures: {
    "map.svg":
      "Words on the two directions in which their vectors differ most; colours are the groups that we gave them, the network never saw.",
    "groups.svg": "Mean cosine of the words of two groups: high on the diagonal, where words of the same group meet.",
    "pmi.svg":
      "Each point is a pair of words: the dot product of their vectors against the mutual information that it approximates.",
    "loss.svg": "Cross-entropy of a pair and its negative samples, in nats, by step.",
  },
  figures: {
    closerPercent: { label: "Words of a group closer than words of two, 50% by chance", unit: "%", digits: 1 },
    nearestPercent: { label: "Nearest word is of the same group", unit: "%", digits: 1 },
    nearestByChancePercent: { label: "the same by chance", unit: "%", digits: 1 },
    meanCosineWithin: { label: "Mean cosine within the groups", digits: 2 },
    meanCosineAcross: { label: "Mean cosine across groups", digits: 2 },
    pmiCorrelation: {
      label: "Correlation of dot products with mutual information",
      digits: 3,
      literature: {
        value: "1",
        of: "in theory, with vectors that are long enough",
        source: {
          text: "Levy and Goldberg 2014",
          url: "https://papers.nips.cc/paper_files/paper/2014/hash/feab05aa91085b7a8012516bc3533958-Abstract.html",
        },
      },
    },
    loss: { label: "Last training loss", unit: "nats", digits: 3 },
    neighbours: { label: "Nearest words", columns: { word: { label: "word" }, nearest: { label: "nearest" } } },
    words: { label: "words", setting: true },
    groupWords: { label: "words in groups", setting: true },
  },
  sources: [{ text: "Mikolov et al. 2013", url: "https://arxiv.org/abs/1310.4546" }],
};
