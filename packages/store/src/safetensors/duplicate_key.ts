/**
 * A key that occurs twice in one object of a JSON text, or null. `JSON.parse` silently keeps the last value.
 *
 * @param json the text
 * @param parsed what `JSON.parse` made of it
 */
export function duplicateKey(json: string, parsed: unknown): string | null {
  // Counting takes less time than comparing: a header of 2,000 tensors has 10,000 keys.
  return keysWritten(json) === keysKept(parsed) ? null : findDuplicate(json);
}

/** The strings that a colon follows. */
function keysWritten(json: string): number {
  let count = 0;
  for (let at = json.indexOf('"'); at >= 0; at = json.indexOf('"', at)) {
    at = endOfString(json, at);
    while (json.charCodeAt(at) <= 0x20) at++;
    if (json[at] === ":") count++;
  }
  return count;
}

/** The keys of all objects. A text may nest them more deeply than functions can call themselves. */
function keysKept(parsed: unknown): number {
  const left: unknown[] = typeof parsed === "object" && parsed !== null ? [parsed] : [];
  let count = 0;
  const add = (part: unknown): void => {
    if (typeof part === "object" && part !== null) left.push(part);
  };
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (Array.isArray(value)) { for (const item of value) add(item); }
    else {
      const fields = value as Record<string, unknown>;
      for (const key in fields) {
        count++;
        add(fields[key]);
      }
    }
  }
  return count;
}

/** The end of the string that begins at `start`, after its quote. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1;; at++) {
    at = json.indexOf('"', at);
    let slashes = 0;
    while (json[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
}

function findDuplicate(json: string): string | null {
  // The keys of the open objects, null for arrays.
  const open: (Set<string> | null)[] = [];
  let last = "";
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '"': {
        const end = endOfString(json, at);
        last = json.slice(at, end);
        at = end - 1;
        break;
      }
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(null);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ":": {
        const key = JSON.parse(last) as string, keys = open.at(-1)!;
        if (keys.has(key)) return key;
        keys.add(key);
      }
    }
  }
  return null;
}
