/** A page, or a worker, that computes on the CPU. */
import { getDevice } from "@heddle/tensor";
import { post, report } from "./report.ts";

post(() => report(getDevice("cpu")));
