/** Devices, by name. A tensor lives on a device. */
import type { Backend } from "./backend.ts";
import { markClass, otherCopy } from "./brand.ts";
import { checkSynchronous } from "./check_synchronous.ts";
import type { DType } from "./dtype.ts";
import { deviceName } from "./env.ts";
import { printOnConsole } from "./runtime.ts";

/** A backend and the name that users know it by. Create one per adapter or processor, and register it. */
export class Device {
  /** The name, such as "cpu". */
  readonly name: string;
  /** What computes on the device. */
  readonly backend: Backend;

  /** Use {@link getDevice}; a backend registers its device with `registerDevice`. */
  constructor(name: string, backend: Backend) {
    this.name = name;
    this.backend = backend;
  }

  /** The name. */
  toString(): string {
    return this.name;
  }

  /** JSON has the device's name. */
  toJSON(): string {
    return this.name;
  }
}

markClass(Device, "@heddle/tensor");
printOnConsole(Device.prototype);

/**
 * Names of the devices in Heddle's packages, for completion in editors and for type checks. Name a further GPU `"gpu:…"`.
 */
export type DeviceName = "cpu" | "reference" | "null" | "gpu" | `gpu:${string}`;

/**
 * The argument of `to`, where `S` is the type of a string argument: a string literal must be a dtype or a {@link DeviceName}, while
 * a variable of type `string` may hold any name. For a device with a name of your own, pass `getDevice(name)`.
 */
export type ToTarget<S extends string> = DType | DeviceName | Device | (S & (string extends S ? unknown : never));

const factories: Map<string, () => Backend> = new Map();
const devices: Map<string, Device> = new Map();
let current: Device | null = null;

/** Registers a device. Its backend is created on first use. */
export function registerDevice(name: string, backend: () => Backend): void {
  factories.set(name, backend);
  devices.delete(name);
}

/** Names of the registered devices. */
export function deviceNames(): string[] {
  return [...factories.keys()];
}

/**
 * The device with this name. A device is returned unchanged.
 *
 * @throws RangeError for an unknown name; the message lists the registered devices.
 */
export function getDevice(device: Device | string): Device {
  if (device instanceof Device) return device;
  const known = devices.get(device);
  if (known) return known;
  const factory = factories.get(device);
  if (!factory) {
    const other = otherCopy(device, "Device");
    if (other !== null) throw new TypeError(`device: ${other}`);
    const shown = typeof device === "string" ? `"${device}"` : String(device);
    throw new RangeError(
      `device: there is no device ${shown}; there are ${deviceNames().map((n) => `"${n}"`).join(", ")}` +
        howToOpen(device),
    );
  }
  const backend = factory();
  checkSynchronous(`device "${device}"`, backend, "make the backend first, and register a function that gives it");
  const made = new Device(device, backend);
  devices.set(device, made);
  return made;
}

/** For errors about a device that is not registered: what registers it, as a further clause, if that is known. */
export function howToOpen(name: string): string {
  return name === "gpu" ? `; await webgpu() of "@heddle/gpu" opens "gpu"` : "";
}

/** The device of new tensors that set no `device` option: `HEDDLE_DEVICE`, else the device registered first. */
export function defaultDevice(): Device {
  return current ??= getDevice(deviceName() ?? factories.keys().next().value ?? "reference");
}

/** Changes the default device. */
export function setDefaultDevice(device: Device | string): void {
  current = getDevice(device);
}
