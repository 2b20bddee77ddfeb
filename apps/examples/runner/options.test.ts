import { describe, expect, test } from "vitest";
import { helpText } from "./help.ts";
import { choice, commonOptions, flag, integer, number, OptionError, parseOptions, text } from "./options.ts";

const options = {
  model: choice(["lenet5", "convnet", "mlp"], { help: "the network", default: "lenet5" }),
  ...commonOptions({ name: "lenet", epochs: 5, batch: 10, lr: "by model", data: "the embedded digits" }),
};

const message = (...args: string[]): string => {
  try {
    parseOptions(args, options);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return (error as Error).message;
  }
  throw new Error(`no error from ${args.join(" ")}`);
};

describe("parseOptions", () => {
  test("gives the defaults", () => {
    expect(parseOptions([], options)).toEqual({
      model: "lenet5",
      device: null,
      epochs: 5,
      batch: 10,
      lr: null,
      seed: 0,
      limit: null,
      data: null,
      out: "runs/lenet",
      json: false,
      dryRun: false,
    });
  });

  test("reads values, with a blank or an equals sign", () => {
    const args = ["--model", "mlp", "--epochs=3", "--lr", "1e-2", "--dry-run", "--out", "a b", "--json"];
    expect(parseOptions(args, options)).toMatchObject({
      model: "mlp",
      epochs: 3,
      lr: 0.01,
      dryRun: true,
      out: "a b",
      json: true,
    });
  });

  test("types follow the options", () => {
    const values = parseOptions(["--size", "3"], {
      size: integer({ help: "", default: 1 }),
      rate: number({ help: "", default: null }),
      kind: choice(["a", "b"], { help: "", default: "a" }),
      fast: flag({ help: "" }),
      note: text({ help: "", default: "none" }),
    });
    if (values === "help") throw new Error("not asked for");
    const size: number = values.size;
    const rate: number | null = values.rate;
    const kind: "a" | "b" = values.kind;
    expect([size, rate, kind, values.fast, values.note]).toEqual([3, null, "a", false, "none"]);
  });

  test("asks for help", () => {
    expect(parseOptions(["--help"], options)).toBe("help");
    expect(parseOptions(["-h"], options)).toBe("help");
  });

  test("an unknown option lists what is near", () => {
    expect(message("--epoch", "3")).toBe("unknown option --epoch; did you mean --epochs?");
    expect(message("--dryrun")).toBe("unknown option --dryrun; did you mean --dry-run?");
    expect(message("--temperature=1")).toMatch(/^unknown option --temperature; expected --model, --device, .*--help$/);
    expect(message("-x")).toMatch(/^unknown option -x; expected /);
  });

  test("a wrong value names option, value and what was expected", () => {
    expect(message("--epochs", "many")).toBe("--epochs many: expected a whole number of at least 1");
    expect(message("--epochs", "0")).toBe("--epochs 0: expected a whole number of at least 1");
    expect(message("--epochs", "2.5")).toBe("--epochs 2.5: expected a whole number of at least 1");
    expect(message("--lr", "-0.1")).toBe("--lr -0.1: expected a number above 0");
    expect(message("--lr", "NaN")).toBe("--lr NaN: expected a number above 0");
    expect(message("--model", "lenet")).toBe(
      "--model lenet: expected one of lenet5, convnet, mlp; did you mean lenet5?",
    );
    expect(message("--out=")).toBe("--out : expected some text");
  });

  test("a value that is missing or too much", () => {
    expect(message("--epochs")).toBe("--epochs needs a value: a whole number of at least 1");
    expect(message("--epochs", "--json")).toBe("--epochs needs a value: a whole number of at least 1");
    expect(message("--json=yes")).toBe('--json takes no value, but was given "yes"');
    expect(message("mnist")).toBe('"mnist" is not an option; options are written --name value (see --help)');
  });
});

describe("helpText", () => {
  const help = helpText({ name: "lenet", about: "Trains.", options });

  test("has a line for every option, with its default", () => {
    expect(help).toContain("Usage: deno task example lenet [options]");
    expect(help).toMatch(/--model lenet5\|convnet\|mlp {3}the network \[lenet5\]/);
    expect(help).toMatch(/--epochs N {2,}passes over the training data \[5\]/);
    expect(help).toMatch(/--lr X {2,}learning rate \[by model\]/);
    expect(help).toMatch(/--out DIR {2,}.*\[runs\/lenet\]/);
    expect(help).toMatch(/--dry-run {2,}build everything/);
  });

  test("aligns the descriptions", () => {
    const starts = help.split("\n").filter((line) => line.startsWith("  ")).map((line) => line.search(/(?<= {3})\S/));
    expect(new Set(starts).size).toBe(1);
  });
});
