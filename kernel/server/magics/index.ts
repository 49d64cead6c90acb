import { install } from "./install.ts";
import { helpMagics } from "./lsmagic.ts";
import type { Magic } from "./magic.ts";
import { time } from "./time.ts";
import { tsx } from "./tsx.ts";
import { typecheck } from "./typecheck.ts";

/** All magics by name. */
export const magics: Readonly<Record<string, Magic>> = {
  install,
  typecheck,
  tsx,
  time,
  ...helpMagics(() => magics),
};
