import { conformance } from "./suite.ts";

conformance("reference");
