import { expect, test } from "vitest";
import { installCommands, wrongFields, wrongInstall, wrongLinks } from "./check_manifests.ts";

const address = "https://example.org/heddle";

test("a manifest has every field that npm shows", () => {
  const manifest = {
    name: "@heddle/nn",
    keywords: ["layers"],
    homepage: `${address}/tree/main/packages/nn#readme`,
    repository: { url: `git+${address}.git`, directory: "packages/nn" },
    bugs: `${address}/issues`,
    sideEffects: false,
    engines: { node: ">=20" },
    files: ["dist", "src", "!src/**/*.test.ts", "!src/**/testing", "README.md", "LICENSE"],
    publishConfig: { access: "public" },
    scripts: { prepack: "turbo run build --output-logs=errors-only" },
  };
  expect(wrongFields(manifest, "packages/nn", address)).toEqual([]);
  expect(wrongFields({ ...manifest, files: ["dist"], keywords: [] }, "packages/nn", address)).toEqual([
    `files is ["dist"], not ${JSON.stringify(manifest.files)}`,
    "has no keywords",
  ]);
  expect(wrongFields({ name: "@heddle/nn" }, "packages/nn", address)).toHaveLength(10);
});

test("a README begins with how to install what its examples import", () => {
  const example = '```ts\nimport { Linear } from "@heddle/nn";\nimport { rand } from "@heddle/tensor/engine";\n```\n';
  const commands = installCommands(["@heddle/nn", "@heddle/tensor"]);
  expect(commands).toBe(
    "deno add jsr:@heddle/nn jsr:@heddle/tensor\nbun add @heddle/nn @heddle/tensor\nnpm install @heddle/nn @heddle/tensor\n",
  );
  expect(wrongInstall(`# nn\n\n\`\`\`sh\n${commands}\`\`\`\n\n${example}`, "@heddle/nn")).toEqual([]);
  expect(wrongInstall(`# nn\n\n${example}`, "@heddle/nn")[0]).toContain(commands);
});

test("links of a README are absolute and lead to files that exist", () => {
  const readme = [
    `[a](${address}/blob/main/docs/nn.md#losses) [b](https://arxiv.org/abs/1) [c](#size) [d](../../docs/nn.md)`,
    `[e](${address}/blob/main/docs/none.md)`,
    "`[f](g)`",
    "[h]: src/mod.ts",
  ].join("\n");
  expect(wrongLinks(readme, address, (path) => path === "docs/nn.md")).toEqual([
    `../../docs/nn.md: a relative link; write ${address}/blob/main/…`,
    `${address}/blob/main/docs/none.md: there is no such file`,
    `src/mod.ts: a relative link; write ${address}/blob/main/…`,
  ]);
});
