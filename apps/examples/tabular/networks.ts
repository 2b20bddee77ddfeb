/** The two classifiers: logistic regression, and a perceptron with a hidden layer. */
import { Linear, ReLU, Sequential } from "@heddle/nn";

/** The names of the classifiers. */
export type Kind = "logistic regression" | "perceptron";

/** Both, the baseline first. */
export const KINDS: readonly Kind[] = ["logistic regression", "perceptron"];

/** A classifier of `features` numbers into `classes`. */
export function networkOf(kind: Kind, features: number, classes: number, hidden: number): Sequential {
  return kind === "perceptron"
    ? new Sequential(new Linear(features, hidden), new ReLU(), new Linear(hidden, classes))
    : new Sequential(new Linear(features, classes));
}
