/** The update rules of optimisers, written out for two weights [1, 2] in float64. */
import { Adagrad, Adam, type Optimizer, RMSprop, SGD } from "@heddle/optim";
import { type Tensor, zeros } from "@heddle/tensor";

/** The state of a rule starts with zeros. */
const atFirst = (): Tensor => zeros([1, 2], { dtype: "float64" });

/** Maps the gradients of steps 1, 2, … to what is subtracted from the weights. */
export type Rule = (rate: number) => (g: Tensor, step: number) => Tensor;

/** The rules as in their papers, each with the library's optimiser. */
export const RULES: Record<string, { rule: Rule; optimizer: (w: Tensor, lr: number) => Optimizer }> = {
  descent: {
    rule: (rate) => (g) => g.mul(rate),
    optimizer: (w, lr) => new SGD([w], { lr }),
  },
  momentum: {
    // Steps add up while they agree, and cancel out otherwise.
    rule: (rate) => {
      let u = atFirst();
      return (g) => (u = u.mul(0.9).add(g)).mul(rate);
    },
    optimizer: (w, lr) => new SGD([w], { lr, momentum: 0.9 }),
  },
  Adagrad: {
    // Each weight has its own rate, according to the size of all its gradients so far (Duchi et al. 2011).
    rule: (rate) => {
      let sum = atFirst();
      return (g) => g.div((sum = sum.add(g.square())).sqrt().add(1e-10)).mul(rate);
    },
    optimizer: (w, lr) => new Adagrad([w], { lr }),
  },
  RMSprop: {
    // According to the size of the recent gradients (Hinton 2012).
    rule: (rate) => {
      let mean = atFirst();
      return (g) => g.div((mean = mean.mul(0.9).add(g.square().mul(0.1))).sqrt().add(1e-8)).mul(rate);
    },
    optimizer: (w, lr) => new RMSprop([w], { lr, alpha: 0.9 }),
  },
  Adam: {
    // Momentum as well; both are corrected for starting at zero (Kingma and Ba 2015).
    rule: (rate) => {
      let m = atFirst(), v = atFirst();
      return (g, t) => {
        m = m.mul(0.9).add(g.mul(0.1));
        v = v.mul(0.999).add(g.square().mul(0.001));
        return m.div(1 - 0.9 ** t).div(v.div(1 - 0.999 ** t).sqrt().add(1e-8)).mul(rate);
      };
    },
    optimizer: (w, lr) => new Adam([w], { lr }),
  },
};
