import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A font's files and the rules of KaTeX's stylesheet that set something in it. */
const face = /@font-face\{[^}]*?font-family:"?(KaTeX_\w+)"?[^}]*?url\((fonts\/[\w-]+\.woff2)\)[^}]*\}/g;

/** The classes that stand in a page's elements. */
function classesOf(html: string): ReadonlySet<string> {
  return new Set(Array.from(html.matchAll(/class="([^"]*)"/g)).flatMap(([, names]) => names.split(" ")));
}

/** The fonts that elements of these classes are set in; KaTeX_Main is all formulas' own. */
function fontsOf(css: string, classes: ReadonlySet<string>): ReadonlySet<string> {
  const fonts = new Set(["KaTeX_Main"]);
  for (const [, selectors, font] of css.matchAll(/([^{}]+)\{font-family:"?(KaTeX_\w+)/g)) {
    const named = selectors.split(",").map((selector) => Array.from(selector.matchAll(/\.([\w-]+)/g), ([, name]) => name));
    if (named.some((names) => names.every((name) => classes.has(name)))) fonts.add(font);
  }
  return fonts;
}

/**
 * What formulas need to look the same everywhere: KaTeX's stylesheet, and the fonts that this page uses as data URIs.
 * Empty for a page without formulas.
 */
export function mathStyle(html: string): string {
  if (!html.includes('class="katex"')) return "";
  const folder = join(dirname(createRequire(import.meta.url).resolve("katex/package.json")), "dist");
  const css = readFileSync(join(folder, "katex.min.css"), "utf8");
  const fonts = fontsOf(css, classesOf(html));
  return css.replace(face, (rule: string, font: string, file: string) => {
    if (!fonts.has(font)) return "";
    const [weight, slant] = [/font-weight:\d+/, /font-style:\w+/].map((pattern) => pattern.exec(rule)![0]);
    return `@font-face{font-family:${font};${slant};${weight};src:url(data:font/woff2;base64,${readFileSync(join(folder, file)).toString("base64")}) format("woff2")}`;
  });
}
