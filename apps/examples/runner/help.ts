/** The text of `--help`, generated from the options. */
import { optionName, type Options } from "./options.ts";

/** The description of a program, its usage, and a line per option with its default. */
export function helpText(program: { name: string; command?: string; about: string; options: Options }): string {
  const rows = Object.entries(program.options).map(([key, option]) => {
    const shown = option.shown ?? (option.fallback === null ? undefined : String(option.fallback));
    return {
      left: `--${optionName(key)}${option.value === null ? "" : ` ${option.value}`}`,
      right: option.value === null || shown === undefined ? option.help : `${option.help} [${shown}]`,
    };
  });
  rows.push({ left: "-h, --help", right: "show this" });
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}   ${right}`);
  return [program.about, "", `Usage: ${startCommand(program)} [options]`, "", ...lines].join("\n");
}

/** The command that starts a program. */
export function startCommand({ name, command }: { name: string; command?: string }): string {
  return command ?? `deno task example ${name}`;
}
