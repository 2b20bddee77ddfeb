import { expect, test } from "vitest";
import { duplicateKey } from "./duplicate_key.ts";

test.each<[string, string | null]>([
  ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}', null],
  ['{"a":"a","b":":","c":"\\"a\\":1,","d":["a","a"]}', null],
  ['{"a":1,"b":2,"a":3}', "a"],
  ['{"a":1,"\\u0061":3}', "a"],
  ['{"x":[{"y":{"z\\"":1, "z\\"" : 2}}]}', 'z"'],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
  ['{"a\\\\":1,"a\\\\" :{"b":1}}', "a\\"],
  ['{"a": {"b": 1}, "a": {"c": 1, "d": 2}}', "a"],
  [`${'{"a":['.repeat(50_000)}${"]}".repeat(50_000)}`, null],
  ["[]", null],
  ["7", null],
])("%.60s", (json, expected) => {
  expect(duplicateKey(json, JSON.parse(json))).toBe(expected);
});
