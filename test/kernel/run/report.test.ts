import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNotebook } from "../../../kernel/notebook/index.ts";
import type { MimeBundle, Notebook } from "../../../kernel/notebook/index.ts";
import { renderReport } from "../../../kernel/run/report/index.ts";
import { renderMarkdown, renderMath } from "../../../kernel/run/report/markdown.ts";
import { Scrubber } from "../../../kernel/run/report/scrub.ts";
import { notebookText, temporaryFolder } from "./helpers.ts";
import type { CellSketch } from "./helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const figure = { data: [{ type: "scatter", x: [1, 2, 3], y: [1, 4, 9] }], layout: { title: { text: "Squares </script><script>window.hacked = 1</script>" } } };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function executed(cells: readonly CellSketch[], bundles: readonly MimeBundle[], errors: readonly string[] = []): Notebook {
  const notebook = readNotebook(notebookText(cells));
  const last = notebook.cells.at(-1)!;
  if (last.cell_type !== "code") return notebook;
  last.outputs = bundles.map((data) => ({ output_type: "display_data", data, metadata: {} }));
  for (const value of errors) last.outputs.push({ output_type: "error", ename: "ValueError", evalue: value, traceback: [`\u001b[31mValueError\u001b[0m: ${value}`, "  at f"] });
  return notebook;
}

const report = (bundles: readonly MimeBundle[], cells: readonly CellSketch[] = [{ text: "# Title *x*" }, { code: "const a = 1;" }]): Promise<string> => renderReport(executed(cells, bundles));
const outputs = (html: string): string => /<section class="cell" [^]*<\/main>/.exec(html)![0];

describe("renderReport", () => {
  it("chooses one representation by its rank", async () => {
    const all = { "text/plain": "PLAIN", "image/png": pixel, "text/html": "<b>HTML</b>", "text/latex": "$x$" };
    expect(outputs(await report([all]))).toMatch(/<b>HTML<\/b>/);
    expect(outputs(await report([all]))).not.toMatch(/PLAIN|data:image/);
    expect(outputs(await report([{ "text/plain": "<PLAIN>", "image/png": pixel }]))).toContain(`<img src="data:image/png;base64,${pixel}" alt="&lt;PLAIN&gt;">`);
    expect(outputs(await report([{ "text/plain": "a < b" }]))).toContain("a &lt; b");
    expect(outputs(await report([{ "application/json": { a: 1 } }]))).toContain("&quot;a&quot;");
    expect(outputs(await report([{ "application/vnd.potstill.progress+json": { value: 3, total: 9, text: "3/9 <b>", done: false } }]))).toContain('<progress max="9" value="3"></progress> 3/9 &lt;b&gt;');
    expect(outputs(await report([{ "application/x-strange": "?" }]))).toContain("application/x-strange cannot be shown");
  });

  it("shows pictures in the size that they ask for", async () => {
    const notebook = executed([{ code: "x" }], [{ "image/png": pixel }]);
    const [cell] = notebook.cells;
    if (cell.cell_type === "code") Object.assign(cell.outputs[0], { metadata: { "image/png": { width: 300, height: '1" onload="x' } } });
    expect(outputs(await renderReport(notebook))).toContain('alt="picture" width="300">');
  });

  it("carries Plotly once, and only when there is a figure", async () => {
    const bundle = { "application/vnd.plotly.v1+json": figure, "text/html": `<div><img src="data:image/png;base64,${pixel}"></div>` };
    const html = await report([bundle, bundle]);
    expect(html.length).toBeGreaterThan(3_000_000);
    expect(html.length).toBeLessThan(8_000_000);
    expect(html.match(/<figure class="plotly"><div class="still"><img src="data:/g)).toHaveLength(2);
    expect((await report([{ "text/plain": "x" }])).length).toBeLessThan(50_000);
  });

  it("shows title, parameters, provenance and where the run failed", async () => {
    const notebook = executed([{ text: "# Title *x*\n\ntext\n## Part" }, { code: "f()" }], [], ["no <good>"]);
    notebook.metadata.papermill = { input_path: "/secret/place/nb.ipynb", parameters: { lr: 0.5, big: 2n ** 60n, path: "/secret/place/data" }, start_time: "2026-01-02T03:04:05.000000+00:00", end_time: "x", duration: 75, exception: true };
    notebook.cells[1].metadata.papermill = { status: "failed", duration: 2 };
    const html = await renderReport(notebook, { hide: [["/secret/place", "."]] });
    expect(html).toContain("<title>Title x</title>");
    expect(html.match(/<h1[^>]*>Title <em>x<\/em><\/h1>/g)).toHaveLength(1);
    expect(html).toContain('<span class="status failed">failed</span> <span>nb.ipynb</span>');
    expect(html).toContain("<span>2026-01-02 03:04:05 UTC</span> <span>1 min 15 s</span>");
    expect(html).toContain("1152921504606846976");
    expect(html).toContain('<a href="#h-0-1">Part</a>');
    expect(html).toContain("ValueError: no &lt;good&gt;");
    expect(html).toContain('<span class="ansi-red-fg">ValueError</span>');
    expect(html).not.toContain("/secret");
  });

  it("heads a run that somebody stopped as interrupted, without a stack", async () => {
    const notebook = executed([{ text: "# Title" }, { code: "f()" }], [], ["x"]);
    const [, cell] = notebook.cells;
    cell.metadata.papermill = { status: "failed", duration: 2 };
    notebook.metadata.papermill = { exception: true, start_time: "2026-01-02T03:04:05.000000+00:00", end_time: "x" };
    if (cell.cell_type === "code") cell.outputs = [{ output_type: "error", ename: "KeyboardInterrupt", evalue: "", traceback: ["KeyboardInterrupt", "  at inner.js:1"] }];
    const html = await renderReport(notebook);
    expect(html).toContain('<span class="status interrupted">interrupted</span>');
    expect(html).toMatch(/interrupted at cell \[.\]<\/a>/);
    expect(html).toContain(" · interrupted</summary>");
    expect(html).not.toMatch(/inner\.js|class="status failed"|· failed/);
  });

  it("names the folder of an absolute path, not where it lies, unless it can be written from here", async () => {
    const notebook = executed([{ text: "# Title" }, { code: 'const data = "/mnt/ada/sets/coco-mini/"; const other = "/tmp/x/birds/a.png";' }], []);
    notebook.metadata.papermill = { parameters: { data: "/mnt/ada/sets/coco-mini/", other: "/tmp/x/birds", near: "/here/data/own", list: ["/mnt/ada/b"] } };
    const html = await renderReport(notebook, { hide: [["/here", "."], ["/tmp", "TMP"]] });
    for (const shown of ["…/coco-mini/", "…/birds", "./data/own", "…/b"]) expect(html).toContain(shown);
    expect(html).not.toMatch(/\/mnt|ada|TMP/);
  });

  it("carries the fonts of its formulas, and none without formulas", async () => {
    const html = await report([], [{ text: "# T\n\n$$\\sum_i x_i$$" }]);
    const fonts = Array.from(html.matchAll(/@font-face\{font-family:(\w+);[^}]*url\(data:font\/woff2;base64,[A-Za-z0-9+/=]{1000,}\)/g), ([, name]) => name);
    expect(new Set(fonts)).toEqual(new Set(["KaTeX_Main", "KaTeX_Math", "KaTeX_Size2"]));
    expect(html).not.toContain("url(fonts/");
    expect(html).toContain('class="scroll formula"');
    expect(await report([], [{ text: "# T" }])).not.toContain("@font-face");
  });
});

describe("progress displays in a report", () => {
  const progress = async (state: object): Promise<string> => outputs(await report([{ "application/vnd.potstill.progress+json": state }]));

  it("keep their label, also where the words repeat it", async () => {
    expect(await progress({ label: "LGD, λ = 1", value: 30, total: 30, text: "30/30, 20 s", done: true })).toContain('<div class="progress done">LGD, λ = 1: 30/30, 20 s</div>');
    expect(await progress({ label: "items", value: 7, text: "7 items, 1 min 19 s", done: true })).toContain(">items: 7 items, 1 min 19 s<");
  });

  it("draw a bar only while it says something", async () => {
    expect(await progress({ value: 30, total: 30, text: "", done: true })).not.toContain("<progress");
    expect(await progress({ value: 4, total: 30, text: "", done: true })).toContain('<progress max="30" value="4">');
  });
});

describe("the table of contents", () => {
  const contents = async (text: string): Promise<string> => /<nav[^]*<\/nav>/.exec(await report([], [{ text }]))![0];

  it("shows headings as they are rendered", async () => {
    expect(await contents("# One\n## Why 50: λ\\* and `a_b` &amp; *all*")).toContain('<a href="#h-0-1">Why 50: λ* and <code>a_b</code> &amp; <em>all</em></a>');
    expect(await contents("# One\n## The map $f^2$")).toMatch(/The map <span[^>]*>.*<math.*<msup>/);
  });

  it("holds neither links, pictures nor HTML of its own within its links", async () => {
    expect(await contents("# One\n## [A](https://a.example) ![b *c*](x.png) <b onclick=x>d</b> ##")).toContain('<a href="#h-0-1">A b <em>c</em> d</a>');
  });

  it("counts headings as the text does: underlined ones, and none in code", async () => {
    const html = await report([], [{ text: "# One\n\nTwo\n---\n\n    # no\n\n```\n# no\n```\n\n> ## Three\n" }]);
    expect([...html.matchAll(/<a href="#(h-0-\d)">(\w+)</g)].map(([, id, name]) => [id, name])).toEqual([["h-0-0", "One"], ["h-0-1", "Two"], ["h-0-2", "Three"]]);
    expect(html).toContain('<h2 id="h-0-1">Two</h2>');
    expect(html).toContain('<h2 id="h-0-2">Three</h2>');
  });

  it("gives the page's title without marks", async () => {
    expect(await report([], [{ text: "# λ\\*, *why* `50` & [more](x)" }])).toContain("<title>λ*, why 50 &amp; more</title>");
  });
});

describe("renderMarkdown", () => {
  const render = (source: string): string => renderMarkdown(source, { cell: 0, folder: folder.path });

  it("sets formulas, leaves money alone, and shows TeX that it cannot set", () => {
    expect(render("$a^2$ and $$b$$")).toMatch(/<math[^>]*>.*<msup>.*<math[^>]*display="block"/s);
    expect(render("from $5 to $10, and \\$x; a $ b $ c")).not.toContain("<math");
    expect(render("$$\n\\frac{1}{2}\n$$\n\nafter")).toMatch(/<mfrac>[^]*<p>after<\/p>/);
    expect(render("\\begin{align}a &= b\\end{align}")).toContain("<mtable");
    expect(render("`$x$`")).toContain("<code>$x$</code>");
    expect(renderMath("\\unknown{<x>}", false)).toBe('<code class="tex">\\unknown{&lt;x&gt;}</code>');
    expect(renderMath("\\mathcal{L}\\mathbb{R}", false)).toMatch(/ℒ.*ℝ/);
  });

  it("takes pictures in from beside the notebook, not from elsewhere, and drops scripts", () => {
    writeFileSync(join(folder.path, "p.png"), Buffer.from(pixel, "base64"));
    expect(render("![a](p.png)")).toContain(`src="data:image/png;base64,${pixel}"`);
    expect(render("![a](../../etc/p.png)")).toContain('src="../../etc/p.png"');
    expect(render("x <script>alert(1)</script> y")).not.toContain("alert");
    expect(renderMarkdown("![a](attachment:q.png)", { cell: 0, attachments: { "q.png": { "image/png": pixel } } })).toContain(`data:image/png;base64,${pixel}`);
  });
});

describe("Scrubber", () => {
  it("replaces whole folders, the longest first, and no base64", () => {
    const scrubber = new Scrubber([["/home/ann", "~"], ["/home/ann/work", "."]]);
    expect(scrubber.text("/home/ann/work/a /home/ann/b /home/anna/c data:image/png;base64,/home/ann")).toBe("./a ~/b /home/anna/c data:image/png;base64,/home/ann");
    expect(new Scrubber([["/", "x"]]).text("/a/b")).toBe("/a/b");
  });
});

const chromiumPath = [process.env.POTSTILL_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => path !== undefined && existsSync(path));
if (chromiumPath === undefined) console.warn("SKIPPED: no Chromium at /usr/bin/chromium (set POTSTILL_CHROMIUM)");

describe.skipIf(chromiumPath === undefined)("in a browser without network", () => {
  let browser: Browser;
  beforeAll(async () => {
    const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    browser = await chromium.launch({ executablePath: chromiumPath!, args: flags });
  });
  afterAll(() => browser.close());

  it("draws figures, shows and hides code, asks for nothing, fits a phone and paper", async () => {
    const bundle = { "application/vnd.plotly.v1+json": figure, "text/html": `<div><img src="data:image/png;base64,${pixel}"></div>` };
    const remote = { "text/html": '<img src="https://example.org/x.png"><script>window.ran = 1; fetch("https://example.org/").catch(() => { window.blocked = 1; })</script>' };
    const file = join(folder.path, "report.html");
    writeFileSync(file, await report([bundle, remote, { "text/plain": "wide ".repeat(200) }]));
    const page = await browser.newPage({ viewport: { width: 390, height: 800 }, colorScheme: "dark" });
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("requestfinished", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`file://${file}`);
    await page.waitForSelector("figure.plotly.drawn .scatterlayer .point");
    expect(errors).toEqual([]);
    expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
    const state = (): Promise<unknown> => page.evaluate("[window.hacked, window.ran, window.blocked, document.documentElement.scrollWidth <= innerWidth, document.querySelector('details.code').open]");
    expect(await state()).toEqual([undefined, 1, 1, true, false]);
    await page.click("#toggle-code");
    expect(await page.evaluate("document.querySelector('details.code').open")).toBe(true);
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate("[getComputedStyle(document.querySelector('.still')).display, getComputedStyle(document.querySelector('.live')).display]")).toEqual(["block", "none"]);
    await page.close();
  });

  it("scrolls wide tables of others under a shade on the screen, and cuts nothing off on paper", async () => {
    const row = (tag: string): string => `<tr>${Array.from({ length: 9 }, (_, i) => `<${tag} style="white-space: nowrap; padding: 1em">column ${i}</${tag}>`).join("")}</tr>`;
    const file = join(folder.path, "table.html");
    writeFileSync(file, await report([{ "text/html": `<div style="overflow-x:auto"><table>${row("th")}${row("td")}</table></div>` }]));
    const page = await browser.newPage({ viewport: { width: 700, height: 800 } });
    await page.goto(`file://${file}`);
    const look = (): Promise<unknown> => page.evaluate("(() => { const box = document.querySelector('.html > div'); const { overflowX, backgroundImage } = getComputedStyle(box); return [overflowX, backgroundImage.includes('gradient'), box.querySelector('table').offsetWidth <= box.offsetWidth]; })()");
    expect(await look()).toEqual(["auto", true, false]);
    await page.emulateMedia({ media: "print" });
    expect(await look()).toEqual(["visible", false, true]);
    await page.close();
  });
});
