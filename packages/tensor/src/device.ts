/** Devices by name: where tensors live. */
import type { Backend } from "./backend.ts";
import { markClass, otherCopy } from "./brand.ts";
import { checkSynchronous } from "./check_synchronous.ts";
import type { DType } from "./dtype.ts";
import { deviceName } from "./env.ts";
import { printOnConsole } from "./runtime.ts";

/** A backend under the name that users call it by. Make one per adapter or processor, and register it. */
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

  /** A device is its name in JSON. */
  toJSON(): string {
    return this.name;
  }
}

markClass(Device, "@heddle/tensor");
printOnConsole(Device.prototype);

/**
 * Names of the devices that Heddle's packages bring, for editors to complete and compilers to check. A GPU of another name than `"gpu"`
 * is best called `"gpu:…"`.
 */
export type DeviceName = "cpu" | "reference" | "null" | "gpu" | `gpu:${string}`;

/**
 * What `to` takes, where `S` is the type of the strings given: a word that is written out must be a dtype or a {@link DeviceName}; a
 * variable may hold any name. For a device of a name of one's own there is `getDevice(name)`.
 */
export type ToTarget<S extends string> = DType | DeviceName | Device | (S & (string extends S ? unknown : never));

const factories: Map<string, () => Backend> = new Map();
const devices: Map<string, Device> = new Map();
let current: Device | null = null;

/** Announces a device whose backend is made when it is first asked for. */
export function registerDevice(name: string, backend: () => Backend): void {
  factories.set(name, backend);
  devices.delete(name);
}

/** Names of the devices that can be asked for. */
export function deviceNames(): string[] {
  return [...factories.keys()];
}

/**
 * The device of a name; a device is handed back as it is.
 *
 * @throws RangeError naming the devices there are.
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
        (device === "gpu" ? `; import "@heddle/gpu" brings "gpu"` : ""),
    );
  }
  const backend = factory();
  checkSynchronous(`device "${device}"`, backend, "make the backend first, and register a function that gives it");
  const made = new Device(device, backend);
  devices.set(device, made);
  return made;
}

/** Where tensors are made unless an option says otherwise: `HEDDLE_DEVICE`, else the first device registered. */
export function defaultDevice(): Device {
  return current ??= getDevice(deviceName() ?? factories.keys().next().value ?? "reference");
}

/** Changes the default device. */
export function setDefaultDevice(device: Device | string): void {
  current = getDevice(device);
}
