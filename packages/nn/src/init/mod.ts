/** Initialisers: each fills a tensor in place, without recording it, and returns it. PyTorch: `torch.nn.init`. */
export * from "./fan.ts";
export * from "./fill.ts";
export * from "./patterns.ts";
