import { asSwitch } from "../settings.ts";
import type { Magic } from "./magic.ts";
import { expectArguments, MagicError } from "./magic.ts";

/** Makes cells TSX. */
export const tsx: Magic = {
  usage: "%tsx [on | off]",
  summary: "Makes cells TSX from now on, in which <Tag/> is an element; %%tsx: this cell alone.",
  details: "In TSX `<T>value` is not a type assertion: write `value as T`. Elements become calls as tsconfig.json's `jsx`, `jsxFactory` and `jsxImportSource` say.",
  words: ["on", "off"],
  run(context, args) {
    expectArguments(args, tsx, [0, 1]);
    const on = asSwitch(args[0] ?? "on");
    if (on === undefined) throw new MagicError(`${JSON.stringify(args[0])} is neither on nor off. Usage: ${tsx.usage}`);
    context.setCell({ tsx: on });
    if (context.call.scope === "line") context.settings.change("magic", { tsx: on });
  },
};
