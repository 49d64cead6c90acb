import { displaySymbol } from "../../report/html.ts";
import type { Displayable } from "../../report/html.ts";

/** Words in a notebook, as Markdown. */
export function note(markdown: string): Displayable {
  return { [displaySymbol]: () => ({ "text/markdown": markdown, "text/plain": markdown }) };
}

/** A bulleted list under a line of its own. */
export function bullets(heading: string, lines: readonly string[]): Displayable {
  return note(`${heading}\n\n${lines.map((line) => `- ${line}`).join("\n")}`);
}
