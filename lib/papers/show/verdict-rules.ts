import type { Displayable } from "../../report/html.ts";
import { bullets } from "./note.ts";
import { verdictRules } from "../verdict-rules.ts";

/** How verdicts are reached, as a notebook shows it. */
export function showVerdictRules(): Displayable {
  return bullets("**How verdicts are reached**", verdictRules);
}
