import { noGrad } from "@heddle/autograd";
import { type Callable, deepCopy } from "@heddle/nn";
import { stack, Tensor, tidy } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";

/** Options of {@link MixedPrecision}. */
export interface MixedPrecisionOptions {
  /** By how much the loss is scaled at first. Default 65536 for float16, 1 for bfloat16, whose range is that of float32. */
  readonly scale?: number;
  /** After how many steps in a row without an overflow the scale is doubled. Default 2000; it stays where it is for bfloat16. */
  readonly growthInterval?: number;
}

/** The state of {@link MixedPrecision}. */
export interface MixedPrecisionState {
  readonly scale: number;
  readonly steps: number;
}

/**
 * Trains in float16 or bfloat16 while the weights themselves stay float32: a copy of the model in half precision computes the output and
 * the gradients, and the optimiser updates the float32 model, so that small updates are not rounded away. In float16 the loss is scaled,
 * so that small gradients do not vanish; a step whose gradients overflow is left out, and the scale halved.
 *
 * The copy takes float32 inputs and returns float32 outputs. PyTorch: `torch.autocast` with `torch.cuda.amp.GradScaler`; Micikevicius et
 * al., "Mixed precision training" (2017).
 *
 * @example
 * ```ts
 * import { functional as F, Linear } from "@heddle/nn";
 * import { SGD } from "@heddle/optim";
 * import { randn } from "@heddle/tensor";
 * import { MixedPrecision } from "@heddle/train";
 * const model = new Linear(4, 1), optimizer = new SGD(model.parameters(), { lr: 0.1 });
 * const mixed = new MixedPrecision(model, "bfloat16");
 * const loss = F.mseLoss(mixed.model.forward(randn([8, 4])), randn([8, 1]));
 * optimizer.zeroGrad();
 * mixed.backward(loss);
 * if (await mixed.unscale()) optimizer.step();
 * mixed.update();
 * ```
 */
export class MixedPrecision<M extends Callable = Callable> {
  /** The copy in half precision. */
  readonly model: M;
  /** By how much the loss is scaled. */
  scale: number;
  private readonly master: M;
  private readonly scaled: boolean;
  private readonly growthInterval: number;
  private steps = 0;

  /** @throws TypeError for another dtype, or a model that is not float32 */
  constructor(model: M, dtype: "float16" | "bfloat16", options: MixedPrecisionOptions = {}) {
    checkOptions("MixedPrecision", options, ["scale", "growthInterval"]);
    if (dtype !== "float16" && dtype !== "bfloat16") {
      throw new TypeError(`MixedPrecision: the dtype is ${JSON.stringify(dtype)}; it must be "float16" or "bfloat16"`);
    }
    const wrong = model.namedParameters().find(([, { dtype }]) => dtype !== "float32");
    if (wrong !== undefined) {
      throw new TypeError(
        `MixedPrecision: the parameter ${wrong[0]} is ${
          wrong[1].dtype
        }; give the model in float32, of which it makes a copy in ${dtype}`,
      );
    }
    const { scale = dtype === "float16" ? 65536 : 1, growthInterval = 2000 } = options;
    this.master = model;
    this.scaled = dtype === "float16";
    this.scale = scale;
    this.growthInterval = growthInterval;
    this.model = deepCopy(model);
    this.model.to(dtype);
    this.model.registerForwardPreHook((_, args) => args.map((each) => cast(each, "float32", dtype)));
    this.model.registerForwardHook<unknown>((_, __, output) => cast(output, dtype, "float32"));
  }

  /** Computes the gradients of the scaled loss, in the copy. */
  backward(loss: Tensor): void {
    tidy(() => {
      (this.scale === 1 ? loss : loss.mul(this.scale)).backward();
    });
  }

  /**
   * Adds the copy's gradients, divided by the scale, to those of the float32 model.
   *
   * @returns whether all are finite; if not, leave the optimiser's step out
   */
  async unscale(): Promise<boolean> {
    const pairs = this.pairs();
    noGrad(() =>
      tidy(() => {
        for (const [own, half] of pairs) {
          if (half.grad === null) continue;
          const gradient = half.grad.to("float32").div(this.scale);
          if (own.grad === null) own.grad = gradient;
          else own.grad.add_(gradient);
        }
      })
    );
    this.model.zeroGrad();
    if (!this.scaled) return true;
    const largest = noGrad(() =>
      tidy(() => {
        const gradients = pairs.map(([own]) => own.grad).filter((grad) => grad !== null && grad.numel > 0) as Tensor[];
        return gradients.length === 0 ? null : stack(gradients.map((grad) => grad.abs().sum())).sum();
      })
    );
    const finite = largest === null || Number.isFinite(Number((await largest.data())[0]));
    largest?.dispose();
    if (!finite) {
      this.scale /= 2;
      this.steps = 0;
    } else if (++this.steps % this.growthInterval === 0) this.scale *= 2;
    return finite;
  }

  /** Copies the weights of the float32 model to the copy, after a step, and the copy's buffers, such as running means, back. */
  update(): void {
    const own = this.master.buffers();
    noGrad(() =>
      tidy(() => {
        for (const [own, half] of this.pairs()) half.copy_(own.to(half.dtype));
        this.model.buffers().forEach((half, i) => own[i]!.copy_(half.to(own[i]!.dtype)));
      })
    );
  }

  /** The state needed to resume. */
  stateDict(): MixedPrecisionState {
    return { scale: this.scale, steps: this.steps };
  }

  /** Goes back to a state, and takes the weights and buffers of the float32 model, which are loaded before. */
  loadStateDict({ scale, steps }: MixedPrecisionState): void {
    this.scale = scale;
    this.steps = steps;
    const own = this.master.buffers();
    noGrad(() =>
      tidy(() => {
        for (const [own, half] of this.pairs()) half.copy_(own.to(half.dtype));
        this.model.buffers().forEach((half, i) => half.copy_(own[i]!.to(half.dtype)));
      })
    );
  }

  /** Frees the copy. */
  close(): void {
    for (const tensor of [...this.model.parameters(), ...this.model.buffers()]) tensor.dispose();
  }

  private pairs(): [own: Tensor, half: Tensor][] {
    const halves = this.model.parameters();
    return this.master.parameters().map((own, i) => [own, halves[i]!]);
  }
}

/** A tensor of one dtype in another; everything else as it is. */
function cast(
  value: unknown,
  from: "float16" | "bfloat16" | "float32",
  to: "float16" | "bfloat16" | "float32",
): unknown {
  return value instanceof Tensor && value.dtype === from ? value.to(to) : value;
}
