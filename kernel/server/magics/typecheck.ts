import { asTypecheckMode, typecheckModes } from "../settings.ts";
import type { Magic } from "./magic.ts";
import { expectArguments, MagicError } from "./magic.ts";

/** Chooses what is done about type errors. */
export const typecheck: Magic = {
  usage: "%typecheck [error | warn | off]",
  summary: "What is done about type errors from now on; %%typecheck: in this cell alone.",
  details: "`error`: the cell is not run. `warn`: they are shown on stderr and the cell runs. `off`: they are not looked for. Without a word: tells the mode.",
  words: typecheckModes,
  run(context, args) {
    expectArguments(args, typecheck, [0, 1]);
    if (args.length === 0) return context.print(`Type checking: ${context.cell.typecheck}\n`);
    const mode = asTypecheckMode(args[0]);
    if (mode === undefined) throw new MagicError(`There is no type-check mode ${JSON.stringify(args[0])}, expected error, warn or off. Usage: ${typecheck.usage}`);
    context.setCell({ typecheck: mode });
    if (context.call.scope === "line") context.settings.change("magic", { typecheck: mode });
  },
};
