/** A page, or a worker, that computes on the GPU. */
import { webgpu } from "@heddle/gpu";
import { post, report } from "./report.ts";

post(async () => report(await webgpu()));
