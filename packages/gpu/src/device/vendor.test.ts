import { expect, test } from "vitest";
import { vendorOf } from "./vendor.ts";

test("the vendor is recognised by its name, its number and the adapter's description", () => {
  expect(vendorOf({ vendor: "nvidia", description: "" })).toBe("nvidia");
  expect(vendorOf({ vendor: "4318", description: "NVIDIA H100 PCIe" })).toBe("nvidia");
  expect(vendorOf({ vendor: "4098", description: "" })).toBe("amd");
  expect(vendorOf({ vendor: "0", description: "Apple M2" })).toBe("apple");
  expect(vendorOf({ vendor: "32902", description: "" })).toBe("intel");
  expect(vendorOf({ vendor: "arm", description: "" })).toBe("arm");
  expect(vendorOf({ vendor: "0", description: "Adreno (TM) 740" })).toBe("qualcomm");
  expect(vendorOf({ vendor: "", description: "a charm of a GPU" })).toBe("unknown");
});
