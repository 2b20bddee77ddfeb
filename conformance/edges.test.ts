/** Edge cases of functions on the devices that every runtime has, against the recordings of PyTorch. */
import { edgeConformance } from "./suite.ts";

edgeConformance("cpu", { sample: 10 });
edgeConformance("reference", { sample: 10 });
