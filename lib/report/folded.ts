import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable, MimeBundle } from "./html.ts";

/** A display behind a line that opens it, where pages can fold; in plain text it stands beneath the line. */
export function folded(summary: string, inner: Displayable): Displayable {
  return {
    [displaySymbol]: async (): Promise<MimeBundle> => {
      const { "text/html": html, "text/plain": text } = await inner[displaySymbol]();
      return {
        "text/html": `<details style="margin:0.5em 0"><summary style="cursor:pointer">${escapeHtml(summary)}</summary>${String(html)}</details>`,
        "text/plain": `${summary}\n\n${String(text)}`,
      };
    },
  };
}

/** Displays of HTML and text beneath one another. */
export function stacked(parts: readonly Displayable[]): Displayable {
  return {
    [displaySymbol]: async (): Promise<MimeBundle> => {
      const bundles = await Promise.all(parts.map(async (part) => part[displaySymbol]()));
      return { "text/html": bundles.map((bundle) => String(bundle["text/html"])).join(""), "text/plain": bundles.map((bundle) => String(bundle["text/plain"])).join("\n\n") };
    },
  };
}
