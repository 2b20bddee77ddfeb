/**
 * A key that occurs twice in one object of a JSON text, or null. `JSON.parse` silently keeps the last value.
 *
 * @param json a text that `JSON.parse` accepts
 */
export function duplicateKey(json: string): string | null {
  // The keys of the open objects, null for arrays.
  const open: (Set<string> | null)[] = [];
  let last: [start: number, end: number] | null = null;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '"': {
        const start = at++;
        while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
        last = [start, at + 1];
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
        const key = JSON.parse(json.slice(...last!)) as string, keys = open.at(-1)!;
        if (keys.has(key)) return key;
        keys.add(key);
      }
    }
  }
  return null;
}
