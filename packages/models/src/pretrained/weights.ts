/** Reads the weights of a model from its files, a few tensors at a time. */
import type { LoadReport, Module, StateDict } from "@heddle/nn";
import { openTensors, type Source, type TensorFile } from "@heddle/store";
import { nameMap, stateNames, tiedNames } from "./architectures.ts";
import { checkFileName } from "./file_names.ts";
import { readJson } from "./json_file.ts";
import type { ModelFiles } from "./model_files.ts";

/** The files that hold weights, or the names of those that do; the first one that is there is read. */
const WEIGHTS = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
] as const;

/** Tensors are read until they have this many elements together, and are copied to the model then. */
const ELEMENTS_AT_ONCE = 2 ** 24;

/**
 * Copies the weights of a model's files into its parameters.
 *
 * @returns the names that the model has and the files lack, and the other way round, names of buffers of old versions left out.
 * @throws Error when there are no weights; when none of their names is the model's; when shapes differ; and, if strict, when names are missing or unexpected, with all of them.
 */
export async function loadWeights(model: Module, files: ModelFiles, strict: boolean): Promise<LoadReport> {
  const opened: TensorFile[] = [];
  try {
    for (const source of await weightFiles(files)) opened.push(await openTensors(source));
    const names = opened.flatMap(({ tensors }) => [...tensors.keys()]);
    const map = nameMap(model, names);
    const report = compare(model, map);
    if (strict && report.missingKeys.length + report.unexpectedKeys.length > 0) throw misfit(model, files, report);
    if (report.missingKeys.length === stateNames(model).length) throw nothingFits(model, files, names);
    const unexpected = new Set(report.unexpectedKeys);
    for (const file of opened) await copy(model, file, (name) => unexpected.has(name) ? null : map.get(name) ?? null);
    return report;
  } finally {
    for (const file of opened) await file.close();
  }
}

async function weightFiles(files: ModelFiles): Promise<Source[]> {
  for (const name of WEIGHTS) {
    if (!name.endsWith(".index.json")) {
      const source = await files.open(name);
      if (source !== null) return [source];
      continue;
    }
    const index = await readJson(files, name);
    if (index === null) continue;
    const shards = new Set(Object.values(index["weight_map"] ?? {}).map((shard) => checkFileName(String(shard))));
    const sources: Source[] = [];
    for (const shard of shards) {
      const source = await files.open(shard);
      if (source === null) throw new Error(`fromPretrained: ${files.name} lacks ${shard}, which its ${name} names`);
      sources.push(source);
    }
    if (sources.length > 0) return sources;
  }
  throw new Error(`fromPretrained: ${files.name} has no weights: none of ${WEIGHTS.join(", ")}`);
}

function compare(model: Module, map: ReadonlyMap<string, string | null>): LoadReport {
  const own = new Set(stateNames(model));
  const given = new Set(map.values());
  // One name of a tied weight gives all.
  for (const names of tiedNames(model)) {
    if (names.some((name) => given.has(name))) { for (const name of names) given.add(name); }
  }
  return {
    missingKeys: [...own].filter((name) => !given.has(name)),
    unexpectedKeys: [...map].filter(([, target]) => target !== null && !own.has(target)).map(([name]) => name),
  };
}

async function copy(model: Module, file: TensorFile, targetOf: (name: string) => string | null): Promise<void> {
  let part: StateDict = {};
  let elements = 0;
  const flush = (): void => {
    try {
      model.loadStateDict(part, { strict: false });
    } finally {
      for (const tensor of Object.values(part)) tensor.dispose();
      part = {};
      elements = 0;
    }
  };
  for (const name of file.tensors.keys()) {
    const target = targetOf(name);
    if (target === null) continue;
    const tensor = await file.get(name);
    part[target]?.dispose();
    part[target] = tensor;
    elements += tensor.numel;
    if (elements >= ELEMENTS_AT_ONCE) flush();
  }
  flush();
}

function misfit(model: Module, files: ModelFiles, { missingKeys, unexpectedKeys }: LoadReport): Error {
  const lines = [
    ...(missingKeys.length > 0 ? [`missing from the weights: ${missingKeys.join(", ")}`] : []),
    ...(unexpectedKeys.length > 0 ? [`not in the model: ${unexpectedKeys.join(", ")}`] : []),
  ];
  return new Error(
    `fromPretrained: the weights of ${files.name} do not fit ${model.constructor.name}:\n  ${lines.join("\n  ")}\n  ` +
      `{ strict: false } loads the names that both sides have, as for a new head`,
  );
}

function nothingFits(model: Module, files: ModelFiles, names: readonly string[]): Error {
  const some = names.slice(0, 3).map((name) => name.slice(0, 80)).join(", ");
  return new Error(
    `fromPretrained: no name in the weights of ${files.name} is one of ${model.constructor.name}, whose parameters would stay random; ` +
      `they have ${some || "no tensors"}${names.length > 3 ? ", …" : ""}, the model ${
        stateNames(model).slice(0, 3).join(", ")
      }, …`,
  );
}
