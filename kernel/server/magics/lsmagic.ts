import type { Magic } from "./magic.ts";
import { expectArguments, MagicError } from "./magic.ts";

/** The magics that list and explain `table`. */
export function helpMagics(table: () => Readonly<Record<string, Magic>>): { lsmagic: Magic; help: Magic } {
  const lsmagic: Magic = {
    usage: "%lsmagic",
    summary: "Lists the magics.",
    run(context, args) {
      expectArguments(args, lsmagic, [0, 0]);
      const width = Math.max(...Object.values(table()).map(({ usage }) => usage.length));
      const lines = Object.values(table()).flatMap(({ usage, summary }) => wrapped(summary).map((part, index) => `${(index === 0 ? usage : "").padEnd(width)}  ${part}\n`));
      context.print(`${lines.join("")}\nMagics stand before a cell's first line of code. A single % acts from now on, %% on its cell alone.\n`);
    },
  };
  const help: Magic = {
    usage: "%help [magic]",
    summary: "Explains a magic, or lists them all.",
    run(context, args) {
      expectArguments(args, help, [0, 1]);
      if (args.length === 0) return lsmagic.run(context, args);
      const magic = magicNamed(table(), args[0].replace(/^%+/, ""));
      context.print(helpText(magic));
    },
  };
  return { lsmagic, help };
}

/** A text in lines of at most `columns` characters, which with what stands before them fit beside a notebook's sidebar. */
function wrapped(text: string, columns = 58): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A magic's usage, summary and details. */
export function helpText({ usage, summary, details }: Magic): string {
  return [usage, "", summary, ...(details === undefined ? [] : ["", details.replaceAll("`", "")]), ""].join("\n");
}

/** The magic of that name. Throws a {@link MagicError} that names all there are. */
export function magicNamed(table: Readonly<Record<string, Magic>>, name: string): Magic {
  if (Object.hasOwn(table, name)) return table[name];
  const known = Object.keys(table).map((each) => `%${each}`).join(", ");
  if (name === "") throw new MagicError(`A magic's name must follow the percent sign: ${known}.`);
  throw new MagicError(`There is no magic %${name}. Known: ${known}. %lsmagic explains them.`);
}
