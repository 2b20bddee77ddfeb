/** The low-rank parts beside layers: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021). */
import { Conv2d, Dropout, Embedding, functional as F, init, Linear, Module, Parameter } from "@heddle/nn";
import { conv2d, empty, type Generator, type Tensor } from "@heddle/tensor";

/** What an adapter is made with, apart from its layer. */
export interface LoraSettings {
  /** The rank of the change of a weight. */
  readonly rank: number;
  /** Changes are scaled by alpha / rank. */
  readonly alpha: number;
  /** The probability of dropout before the adapter. */
  readonly dropout: number;
  /** Whether changes are scaled by alpha / √rank instead: Kalajdzievski, "A Rank Stabilization Scaling Factor" (2023). */
  readonly rslora: boolean;
  /** Which biases are trained too. */
  readonly bias: "none" | "all" | "loraOnly";
  /** Whether the weights of targets that are not of nn's classes are `[in, out]`. */
  readonly fanInFanOut: boolean;
}

/** The adapter of one layer. The formulas and the initial values are PEFT's (`tuners/lora/layer.py`). */
export abstract class LoraAdapter extends Module {
  /** What it was made with. */
  readonly settings: LoraSettings;

  constructor(settings: LoraSettings) {
    super();
    this.settings = settings;
  }

  /** The factor of the change. */
  get scaling(): number {
    const { alpha, rank, rslora } = this.settings;
    return alpha / (rslora ? Math.sqrt(rank) : rank);
  }

  /** What is added to the output of the layer for an input. */
  abstract forward(input: Tensor): Tensor;
  /** The change of the layer's weight, in its shape. */
  abstract delta(): Tensor;
  /** Its two parameters by the ends of their names in PEFT's files. */
  abstract factors(): readonly [name: string, parameter: Parameter][];

  override extraRepr(): string {
    return `rank=${this.settings.rank}, scaling=${this.scaling}`;
  }
}

/** `B(A(x))` beside a linear layer, without the product `B·A`. */
class LinearAdapter extends LoraAdapter {
  readonly dropout: Dropout;
  readonly A: Linear;
  readonly B: Linear;
  private readonly transposed: boolean;

  constructor(weight: Tensor, transposed: boolean, settings: LoraSettings, generator?: Generator) {
    super(settings);
    const [first, second] = weight.shape as [number, number];
    const options = { bias: false, generator, dtype: weight.dtype as "float32", device: weight.device };
    this.transposed = transposed;
    this.dropout = new Dropout(settings.dropout, { generator });
    // Linear's own initial values are those of Kaiming with a = √5.
    this.A = new Linear(transposed ? first : second, settings.rank, options);
    this.B = new Linear(settings.rank, transposed ? second : first, options);
    init.zeros_(this.B.weight);
  }

  forward(input: Tensor): Tensor {
    return this.B.forward(this.A.forward(this.dropout.forward(input))).mul(this.scaling);
  }

  delta(): Tensor {
    const change = this.B.weight.matmul(this.A.weight).mul(this.scaling);
    return this.transposed ? change.t() : change;
  }

  factors(): [string, Parameter][] {
    return [["lora_A.weight", this.A.weight], ["lora_B.weight", this.B.weight]];
  }
}

/** Rows of `Aᵀ` by index, times `Bᵀ`. */
class EmbeddingAdapter extends LoraAdapter {
  /** `[rank, rows]` */
  readonly A: Parameter;
  /** `[size, rank]` */
  readonly B: Parameter;
  private readonly lookup: { readonly paddingIdx: number | null; readonly scaleGradByFreq: boolean };

  constructor({ weight, paddingIdx, scaleGradByFreq }: Embedding, settings: LoraSettings, generator?: Generator) {
    super(settings);
    const [rows, size] = weight.shape as [number, number];
    const placement = { dtype: weight.dtype as "float32", device: weight.device };
    this.lookup = { paddingIdx, scaleGradByFreq };
    this.A = new Parameter(init.zeros_(empty([settings.rank, rows], placement)));
    this.B = new Parameter(init.normal_(empty([size, settings.rank], placement), 0, 1, { generator }));
  }

  forward(indices: Tensor): Tensor {
    return F.linear(F.embedding(indices, this.A.t(), this.lookup), this.B).mul(this.scaling);
  }

  delta(): Tensor {
    return this.B.matmul(this.A).t().mul(this.scaling);
  }

  factors(): [string, Parameter][] {
    return [["lora_embedding_A", this.A], ["lora_embedding_B", this.B]];
  }
}

/** A convolution to `rank` channels with the layer's kernel, and one of a pixel to its channels. */
class ConvAdapter extends LoraAdapter {
  readonly dropout: Dropout;
  readonly A: Conv2d;
  readonly B: Conv2d;

  constructor(layer: Conv2d, settings: LoraSettings, generator?: Generator) {
    super(settings);
    const { weight, inChannels, outChannels, kernelSize, stride, padding, dilation, paddingMode } = layer;
    const options = { bias: false, generator, dtype: weight.dtype as "float32", device: weight.device };
    const place = typeof padding === "string" ? padding : [...padding] as [number, number];
    const pair = (sizes: readonly number[]): [number, number] => [...sizes] as [number, number];
    this.dropout = new Dropout(settings.dropout, { generator });
    this.A = new Conv2d(inChannels, settings.rank, pair(kernelSize), {
      ...options,
      stride: pair(stride),
      padding: place,
      dilation: pair(dilation),
      paddingMode,
    });
    this.B = new Conv2d(settings.rank, outChannels, 1, options);
    init.zeros_(this.B.weight);
  }

  forward(input: Tensor): Tensor {
    return this.B.forward(this.A.forward(this.dropout.forward(input))).mul(this.scaling);
  }

  delta(): Tensor {
    // B has one pixel: its product with A over the channels between them.
    return conv2d(this.A.weight.transpose(0, 1), this.B.weight).transpose(0, 1).mul(this.scaling);
  }

  factors(): [string, Parameter][] {
    return [["lora_A.weight", this.A.weight], ["lora_B.weight", this.B.weight]];
  }
}

/** A layer that an adapter fits. */
export type LoraHost = Module & { weight: Parameter; bias?: Parameter | null; forward(input: Tensor): Tensor };

/** The words for why a module can have no adapter; null if it can. */
export function whyNot(module: Module, settings: LoraSettings): string | null {
  const { weight, forward } = module as unknown as Partial<LoraHost>;
  if (!(weight instanceof Parameter) || typeof forward !== "function") {
    return "has no weight of its own; targets are Linear, Embedding and Conv2d, or layers with a weight [in, out]";
  }
  if (Object.hasOwn(module, "forward")) return "has hooks, or a forward of its own; add them after the adapter";
  if (module instanceof Conv2d) {
    return module.groups === 1 ? null : `has ${module.groups} groups; only convolutions of one group have adapters`;
  }
  if (module instanceof Embedding) {
    return module.maxNorm === null ? null : "shortens its rows (maxNorm), which an adapter would have to take part in";
  }
  if (module instanceof Linear) return null;
  if (weight.ndim !== 2 || !transposes(module, settings)) {
    return "is not a Linear, Embedding or Conv2d; { fanInFanOut: true } takes a layer with a weight [in, out]";
  }
  return null;
}

/** Whether a layer's weight is `[in, out]`, as that of Hugging Face's Conv1D. */
function transposes(module: Module, settings: LoraSettings): boolean {
  return !(module instanceof Linear) && (settings.fanInFanOut || module.constructor.name === "Conv1D");
}

/** The shapes of an adapter's factors by the ends of their names, before there is one. */
export function factorShapes(module: LoraHost, settings: LoraSettings): [string, number[]][] {
  const { rank } = settings;
  const [first, second, ...kernel] = module.weight.shape as [number, number, ...number[]];
  if (module instanceof Embedding) return [["lora_embedding_A", [rank, first]], ["lora_embedding_B", [second, rank]]];
  const [from, to] = transposes(module, settings) ? [first, second] : [second, first];
  return [["lora_A.weight", [rank, from, ...kernel]], ["lora_B.weight", [to, rank, ...kernel.map(() => 1)]]];
}

/** The adapter for a layer that {@link whyNot} has nothing against. */
export function adapterFor(module: LoraHost, settings: LoraSettings, generator?: Generator): LoraAdapter {
  if (module instanceof Conv2d) return new ConvAdapter(module, settings, generator);
  if (module instanceof Embedding) return new EmbeddingAdapter(module, settings, generator);
  return new LinearAdapter(module.weight, transposes(module, settings), settings, generator);
}
