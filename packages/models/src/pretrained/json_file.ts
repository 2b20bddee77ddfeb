/** Reads the small JSON files of a model. */
import type { Source } from "@heddle/store";
import type { ModelFiles } from "./model_files.ts";
import { nodeModules } from "./node.ts";

/** Tokenizers of large vocabularies have some tens of megabytes. */
const MOST_BYTES = 2 ** 28;

/** The object in a JSON file; null if there is none of this name. @throws Error for what is no JSON object, or too large. */
export async function readJson(files: ModelFiles, file: string): Promise<Record<string, unknown> | null> {
  const source = await files.open(file);
  if (source === null) return null;
  const text = await textOf(source, `${files.name}: ${file}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`fromPretrained: ${files.name}: ${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`fromPretrained: ${files.name}: ${file} should hold an object, but holds ${text.slice(0, 40)}`);
}

async function textOf(source: Source, name: string): Promise<string> {
  if (typeof source === "string") {
    const { fs } = nodeModules()!;
    checkSize(name, (await fs.stat(source)).size);
    return await fs.readFile(source, "utf8");
  }
  const text = await (source as Response).text();
  checkSize(name, text.length);
  return text;
}

function checkSize(name: string, size: number): void {
  if (size <= MOST_BYTES) return;
  throw new RangeError(`fromPretrained: ${name} has ${size} bytes, more than the ${MOST_BYTES} of any such file`);
}
