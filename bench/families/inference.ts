import { noGrad } from "@heddle/autograd";
import { LayerNorm, type Module, TransformerEncoder, TransformerEncoderLayer } from "@heddle/nn";
import { scope, type Tensor } from "@heddle/tensor";
import { type Case, type Family, list, type Maker, numbers, type Sizes } from "../case.ts";
import { input, steady } from "./heddle_work.ts";
import { ResNet20 } from "./resnet20.ts";
import { digitNetwork } from "./training.ts";

/** The networks, each with the shape of one input. */
const NETWORKS = [
  { network: "mlp", title: "MLP", shape: [1, 28, 28] },
  { network: "convnet", title: "convnet", shape: [1, 28, 28] },
  { network: "resnet20", title: "ResNet-20", shape: [3, 32, 32] },
  { network: "encoder", title: "transformer encoder", shape: [64, 128] },
] as const;

function evaluated(
  { network, title, shape }: typeof NETWORKS[number],
  batch: number,
): Case {
  const encoder: Sizes = network === "encoder" ? { layers: 2, width: 128, heads: 4 } : {};
  return {
    family: "inference",
    name: `${title} in evaluation, batch of ${batch}`,
    kind: "inference",
    sizes: { network, input: [batch, ...shape], ...encoder },
    tolerance: 1e-4,
  };
}

/** Networks in evaluation mode without a tape, for one input, 32 and a hundred. */
export const inference: Family = {
  name: "inference",
  about: "an MLP, a convnet, ResNet-20 and a transformer encoder in evaluation mode on batches of 1, 32 and 100",
  cases: NETWORKS.flatMap((network) => [1, 32, 100].map((batch) => evaluated(network, batch))),
};

/** Two layers of 128 features over 64 positions, with weights that every contender can make. */
function encoder(sizes: Sizes): TransformerEncoder {
  const [layers, width, heads] = numbers(sizes, "layers", "width", "heads");
  const options = {
    dimFeedforward: 4 * width,
    dropout: 0,
    activation: "gelu",
    batchFirst: true,
    normFirst: true,
  } as const;
  const network = new TransformerEncoder(
    () => new TransformerEncoderLayer(width, heads, options),
    layers,
    {
      norm: new LayerNorm(width),
    },
  );
  noGrad(() => {
    for (const [i, [name, parameter]] of network.namedParameters().entries()) {
      using _ = scope();
      if (parameter.ndim > 1) {
        parameter.copy_(
          input(100 + i, parameter.shape).mul(1 / Math.sqrt(width)),
        );
      } else if (name.endsWith("bias")) parameter.zero_();
    }
  });
  return network;
}

type Network = Module & { forward(x: Tensor): Tensor };

/** Makes the networks, by name. */
const MAKERS: Readonly<Record<string, (sizes: Sizes) => Network>> = {
  mlp: () => digitNetwork("mlp"),
  convnet: () => digitNetwork("convnet"),
  resnet20: () => new ResNet20().initialise(),
  encoder,
};

/** Heddle's code for them. */
export const heddleInference: Readonly<Record<string, Maker>> = {
  inference(sizes) {
    const network = MAKERS[sizes["network"] as string]!(sizes).eval();
    const x = input(1, list(sizes, "input"));
    return steady(
      [x, ...network.parameters()],
      () => noGrad(() => [network.forward(x)]),
    );
  },
};
