import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { escapeHtml } from "../../display/escape.ts";
import type { Heading } from "./contents.ts";
import { mathStyle } from "./math-style.ts";
import { behaviour } from "./script.ts";
import { style } from "./style.ts";

interface Page {
  title: string;
  header: string;
  contents: readonly Heading[];
  cells: string;
  figures: number;
}

/** Nothing may come from the network, whatever a cell's output asks for. */
const policy = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; font-src data:; worker-src blob:";

/** Plotly's source for a script element. */
function plotlySource(): string {
  const path = createRequire(import.meta.url).resolve("plotly.js-dist-min");
  return readFileSync(path, "utf8").replace(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "\\x3c!--");
}

function contentsHtml(contents: readonly Heading[]): string {
  if (contents.length < 2) return "";
  const items = contents.map(({ level, html, id }) => `<li class="level-${level}"><a href="#${id}">${html}</a></li>`);
  return `<nav aria-label="Contents"><details open><summary>Contents</summary><ul>${items.join("")}</ul></details></nav>`;
}

/** The whole document. */
export function renderPage({ title, header, contents, cells, figures }: Page): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Potstill">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}${mathStyle(header + cells)}</style>
${figures > 0 ? `<script>${plotlySource()}</script>` : ""}
</head>
<body>
<main>
<button id="toggle-code" type="button" hidden>Show code</button>
${header}
${contentsHtml(contents)}
${cells}
</main>
<script>${behaviour}</script>
</body>
</html>
`;
}
