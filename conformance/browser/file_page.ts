/** A page, or a worker, that reads files which the server has, and trains a network of one. */
import { workOnFiles } from "./file_work.ts";
import { post } from "./report.ts";

post(async () => await workOnFiles(await (await fetch("names.json")).json(), (name) => fetch(name)));
