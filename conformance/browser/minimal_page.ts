/** A page that computes with the kernels for GPUs, within the limits that every adapter has. */
import { webgpu } from "@heddle/gpu";
import { minimalAdapter } from "../minimal_adapter.ts";
import { post, report } from "./report.ts";

post(async () => report(await webgpu({ adapter: await minimalAdapter() })));
