/** A page that leaves all work to another page's script in a worker, where waiting and so threads are allowed: `?cpu_page`. */
import { post } from "./report.ts";

const worker = new Worker(`${location.search.slice(1)}.js`, { type: "module" });
worker.onerror = (event) => {
  post(() => Promise.reject(new Error(`the worker failed: ${event.message}`)));
};
