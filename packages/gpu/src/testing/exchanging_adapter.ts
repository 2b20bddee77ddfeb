/** An adapter whose subgroups have any size: shaders exchange the values through workgroup memory. */
import { webgpu } from "../mod.ts";
import type { Device } from "@heddle/tensor";
import type { GpuBackend } from "../backend.ts";

/** The type of a variable that is exchanged: indices of argmax and argmin, the four rows of a thread of attention, or a number. */
const typeOf = (name: string): string => name.startsWith("best") ? "i32" : name.startsWith("rows") ? "vec4f" : "f32";

const exchange = (type: string): string =>
  `var<workgroup> exchanged_${type}: array<${type}, 256>;
fn exchange_${type}(value: ${type}, by: u32, lane: u32) -> ${type} {
  exchanged_${type}[lane] = value;
  workgroupBarrier();
  let got = exchanged_${type}[lane ^ by];
  workgroupBarrier();
  return got;
}
`;

/**
 * The shader without subgroup operations.
 *
 * @throws Error if threads exchange values with threads of other subgroups.
 */
function emulated(code: string, size: number): string {
  if (!code.includes("subgroup")) return code;
  const types = new Set<string>();
  const replaced = code.replaceAll(/subgroupShuffleXor\((\w+), (\d+)u\)/g, (_, name: string, by: string) => {
    if (Number(by) >= size) throw new Error(`a thread of ${size} exchanges over a distance of ${by}`);
    const type = typeOf(name);
    types.add(type);
    return `exchange_${type}(${name}, ${by}u, lane)`;
  });
  if (/subgroup[A-Z]/.test(replaced)) throw new Error("another subgroup operation");
  return replaced.replace(
    /^(?:enable \w+;\n)*/,
    (enables) => enables.replace("enable subgroups;\n", "") + [...types].map(exchange).join(""),
  );
}

/** Opens a device for which kernels for GPUs are rendered, with subgroups of a size; 1 is none. */
export async function openWithSubgroups(size: number): Promise<Device> {
  const { gpu } = globalThis.navigator as unknown as { gpu: GPU };
  const adapter = (await gpu.requestAdapter())!;
  const device = await webgpu({
    name: `subgroups of ${size}`,
    adapter: {
      features: new Set(adapter.features),
      limits: adapter.limits,
      info: { vendor: "", architecture: "", device: "", description: "a GPU" },
      async requestDevice(descriptor) {
        const device = await adapter.requestDevice(descriptor as GPUDeviceDescriptor);
        const create = device.createShaderModule.bind(device);
        device.createShaderModule = ({ code, ...rest }) => create({ ...rest, code: emulated(code, size) });
        return device;
      },
    },
  });
  Object.assign((device.backend as GpuBackend).engine, { subgroup: size });
  return device;
}
