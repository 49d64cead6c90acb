import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { figureSvg } from "../../kernel/display/plotly-page.ts";
import { lineFigure } from "../../lib/report/figures.ts";
import { drawStill } from "../../lib/report/site/figure.ts";
import { writeSite } from "../../lib/report/site/index.ts";
import { draw, siteOptions } from "../lib/report/site/fixture.ts";
import { findChromium, openBrowser } from "./browser.ts";

const chromium = findChromium();
const folder = mkdtempSync(join(tmpdir(), "potstill-site-"));
/** The other two are for people who look at pictures. */
const views = ([[1200, "light"], [390, "dark"], [1200, "dark"], [390, "light"]] as const).slice(0, process.env.POTSTILL_TEST_SCREENSHOTS ? 4 : 2);
const pages = ["index.html", "items/frs--table-3.html", "items/sssd--table-1.html", "runs/mini--both--0123456789abcdef--seed-0.html", "trainings.html", "differences.html"];

/** Texts whose colour stands out too little from the ground beneath (WCAG: 4.5, for large ones 3), and by how much. */
function faint(): string[] {
  const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: readonly number[]) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => (value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element: Element | null): number[] => {
    if (element === null) return [255, 255, 255];
    const own = numbers(getComputedStyle(element).backgroundColor);
    return own.length === 3 || own[3] > 0 ? own : ground(element.parentElement);
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) => !element.closest("svg, script, .live, .skip") && [...element.childNodes].some((node) => node.nodeType === 3 && (node.textContent ?? "").trim() !== ""));
  return texts.flatMap((element) => {
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = Number.parseFloat(getComputedStyle(element).fontSize) >= 24;
    return contrast >= (large ? 3 : 4.5) ? [] : [`${contrast.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`];
  });
}

describe("a figure of the site", { timeout: 120_000 }, () => {
  it("is drawn to the same bytes each time", async () => {
    const figure = lineFigure({ x: { label: "iteration" }, y: { label: "AP", unit: "points" }, lines: [{ name: "a", x: [0, 1, 2], y: [1, 3, 2], low: [0, 2, 1], high: [2, 4, 3] }, { name: "b", x: [0, 1, 2], y: [2, 2, 4] }] });
    const still = { path: "figures/a.svg", figure, width: 640, height: 420, measured: false };
    const once = await drawStill(figureSvg, still);
    expect(once).toContain("clip-path");
    expect(await drawStill(figureSvg, still)).toBe(once);
  });
});

describe.skipIf(chromium === undefined)("the report site in a browser, from disk", { timeout: 120_000 }, () => {
  let browser: BrowserContext;
  let page: Page;
  const [problems, requests]: [string[], string[]] = [[], []];

  beforeAll(async () => {
    let drawn = 0; // the first pictures are Plotly's; to draw them all would take long
    await writeSite(siteOptions(folder, { draw: (figure, size) => (drawn++ < 3 ? figureSvg(figure, size) : draw(figure, size)) }));
    browser = await openBrowser(chromium!, folder);
    page = await browser.newPage();
    page.on("console", (message) => { if (message.type() !== "log") problems.push(message.text()); });
    page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("requestfailed", (request) => { if (request.failure()?.errorText !== "net::ERR_ABORTED") problems.push(`failed: ${request.url()}`); }); // leaving a page aborts what it loads
    page.on("request", (request) => requests.push(request.url()));
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  const open = (path: string) => page.goto(pathToFileURL(join(folder, "site", path)).href);
  const screenshot = async (name: string) => {
    const target = process.env.POTSTILL_TEST_SCREENSHOTS;
    if (target) await page.screenshot({ path: join(target, `${name}.png`), fullPage: true });
  };

  it.each(pages)("%s fits a desk and a telephone, can be read by day and by night, and asks for nothing from elsewhere", async (path) => {
    for (const [width, scheme] of views) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      await open(path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${width} px`).toBeLessThanOrEqual(0);
      expect(await page.evaluate(faint), `${width} px, ${scheme}`).toEqual([]);
      if (scheme === "dark") expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(20, 23, 28)");
      await screenshot(`${path.replaceAll("/", "-")}-${width}-${scheme}`);
    }
    expect(problems).toEqual([]);
    expect(requests.filter((url) => !/^(?:file|data|blob):/.test(url))).toEqual([]);
  });

  it("draws figures when they come into view, and shows still ones in print", async () => {
    await page.setViewportSize({ width: 1200, height: 900 });
    await open(pages[3]);
    await page.locator("figure.plot").first().scrollIntoViewIfNeeded();
    await page.locator("figure.plot.drawn .main-svg").first().waitFor();
    expect(await page.locator("figure.plot .still").first().isVisible()).toBe(false);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("figure.plot .still").first().isVisible()).toBe(true);
    expect(await page.locator("figure.plot .live").first().isVisible()).toBe(false);
    expect(await page.locator("figure.plot .still").first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
    await page.emulateMedia({ media: "screen" });
    expect(problems).toEqual([]);
  });

  it("filters claims by paper and verdict, and hides detections below the slider's score", async () => {
    await open("index.html");
    const shown = () => page.locator("tr[data-verdict]:visible").count();
    expect(await shown()).toBe(4);
    await page.getByLabel("not run").uncheck();
    expect(await shown()).toBe(2);
    await page.getByLabel("FRS").uncheck();
    expect(await shown()).toBe(0);
    await open(pages[3]);
    const boxes = () => page.locator("[data-score]:visible").count();
    const before = await boxes();
    await page.getByLabel("lowest score shown").fill("0.95");
    expect(before).toBeGreaterThan(0);
    expect(await boxes()).toBe(0);
  });

  it("shows everything without scripts", async () => {
    const session = await browser.newCDPSession(page);
    await session.send("Emulation.setScriptExecutionDisabled", { value: true });
    await open(pages[3]);
    for (const still of await page.locator("figure.plot .still").all()) expect(await still.isVisible()).toBe(true);
    expect(await page.locator("figure.plot.drawn").count()).toBe(0);
    await session.send("Emulation.setScriptExecutionDisabled", { value: false });
  });
});
