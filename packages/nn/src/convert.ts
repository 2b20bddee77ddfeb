/** Converts parameters and buffers to another dtype or device. */
import { become } from "@heddle/tensor/engine";
import { Device, deviceNames, type DType, dtypes, getDevice, isFloat, type Tensor, tidy } from "@heddle/tensor";

const floats = dtypes.filter(isFloat);

/**
 * Converts tensors and their gradients in place: all of them to a device, floating-point ones to a dtype.
 *
 * @throws TypeError for a dtype that is not floating-point.
 */
export function convert(tensors: readonly Tensor[], targets: readonly (DType | Device | string)[]): void {
  for (const target of targets as readonly unknown[]) {
    if (typeof target !== "object" || target === null || target instanceof Device) continue;
    const { dtype, device } = target as { dtype?: unknown; device?: unknown };
    const wanted = [dtype, device].filter((value) => typeof value === "string");
    if (wanted.length === 0) continue;
    throw new TypeError(
      `Module.to: expected a dtype or a device, got an object with options; write to(${
        wanted.map((value) => JSON.stringify(value)).join(", ")
      })`,
    );
  }
  for (const target of targets) {
    if (typeof target === "string" && /^(u?int|bool)/.test(target)) {
      throw new TypeError(
        `Module.to: parameters are floating-point, they cannot become ${target}; use ${
          floats.map((dtype) => JSON.stringify(dtype)).join(", ")
        }`,
      );
    }
  }
  // Before the first tensor changes: an unknown name fails for each of them.
  for (const target of targets) {
    if (!dtypes.includes(target as DType)) {
      try {
        getDevice(target as Device | string);
      } catch (error) {
        if (typeof target !== "string") throw error;
        throw new RangeError(
          `Module.to: there is no device "${target}" and no dtype of that name; devices are ${
            deviceNames().join(", ")
          }, ` +
            `dtypes ${floats.join(", ")}` +
            (target === "gpu" ? `; await webgpu() of "@heddle/gpu" opens "gpu"` : ""),
        );
      }
    }
  }
  const isDType = (target: DType | Device | string): boolean => (dtypes as readonly unknown[]).includes(target);
  const devices = targets.filter((target) => !isDType(target));
  for (const tensor of tensors) {
    const wanted = isFloat(tensor.dtype) ? targets : devices;
    tidy(() => {
      become(tensor, tensor.detach().to(...wanted));
      if (tensor.grad !== null) tensor.grad = tensor.grad.detach().to(...wanted);
    });
  }
}
