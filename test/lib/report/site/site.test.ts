import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { silences } from "../../../../lib/papers/silences/index.ts";
import { writeSite } from "../../../../lib/report/site/index.ts";
import { draw, hostileItem, judgement, measuredItem, results, siteOptions, unaskedItem } from "./fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-site-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const site = join(folder, "site");
const filesOf = (root: string) => readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
const pagesOf = (root: string) => filesOf(root).filter((path) => path.endsWith(".html"));
const read = (path: string) => readFileSync(join(site, path), "utf8");

const documents = new Map<string, Document>();
/** A page, parsed once. */
function documentAt(path: string): Document {
  const document = documents.get(path) ?? new JSDOM(readFileSync(path, "utf8")).window.document;
  documents.set(path, document);
  return document;
}
const open = (path: string) => documentAt(join(site, path));
const clean = (text: string | null | undefined) => (text ?? "").replace(/\s+/g, " ").trim();

/** A site's bytes without what may differ: times and measured numbers. */
function settled(root: string): Record<string, string> {
  return Object.fromEntries(filesOf(root).map((path) => {
    const text = readFileSync(path, "utf8");
    if (!path.endsWith(".html")) return [path.slice(root.length), text];
    const { window: { document } } = new JSDOM(text);
    document.querySelectorAll("time, [data-measured]").forEach((element) => { element.replaceWith(document.createElement("i")); });
    return [path.slice(root.length), document.documentElement.outerHTML];
  }));
}

const secret = "correct-horse-battery";
beforeAll(async () => {
  vi.stubEnv("POTSTILL_TEST_TOKEN", secret);
  await writeSite(siteOptions(folder));
});
afterAll(() => { vi.unstubAllEnvs(); });

describe("the report site", () => {
  it("has a page for every item, with a line and a verdict for every row", () => {
    for (const item of [hostileItem, measuredItem, unaskedItem]) {
      const document = open(`items/${item.id.replace("/", "--")}.html`);
      expect(clean(document.querySelector("h1")!.textContent)).toBe(item.title);
      for (const row of item.rows) {
        const line = document.getElementById(`row-${row.id}`)!;
        expect(clean(line.querySelector("th")!.textContent)).toContain(row.label);
        expect(line.querySelector(".verdict")!.textContent).toMatch(/reproduced|noise|contradicted|testable|not run/);
      }
      for (const { id, text } of item.claims) expect(clean(document.querySelector(`#claim-${id} h3`)!.textContent)).toBe(text);
      expect([...document.querySelectorAll("#changes + ul li")].map(({ textContent }) => textContent)).toEqual(item.changes);
    }
  });

  it("says what the paper has, what was measured, its interval and the difference by seed", () => {
    const line = clean(open("items/frs--table-3.html").getElementById("row-both")!.textContent);
    expect(line).toContain("39.7");
    expect(line).toContain("46.3 [45.3, 47.3]");
    expect(line).toContain("+2.30");
    expect(line).toContain("+9.25 [+8.25, +10.25]");
    expect(line).toContain("−0.5 to 1.5");
    expect(line).toMatch(/seeds 0, 1$/);
    const all = clean(open("items/frs--table-3.html").querySelector("main")!.textContent);
    expect(all).toMatch(/56\.7\(1\).*57\.0 to 59\.0\(2\)/); // with the numbers of their notes
    expect([...open("items/frs--table-3.html").querySelectorAll("ol.note li")].map(({ textContent }) => textContent)).toEqual(["by the stated difference", "lost: not in the text"]);
  });

  it("lists every claim with its verdict on the index, and sums them up", () => {
    const document = open("index.html");
    const lines = [...document.querySelectorAll("tr[data-verdict]")].map((line) => [line.getAttribute("data-paper"), clean(line.querySelector("th")!.textContent), line.getAttribute("data-verdict")]);
    expect(lines).toEqual([
      ["sssd", hostileItem.claims[0].text, "not-run"],
      ["frs", measuredItem.claims[0].text, "reproduced-in-direction"],
      ["frs", measuredItem.claims[1].text, "contradicted"],
      ["shared-kd", unaskedItem.claims[0].text, "not-run"],
    ]);
    expect(document.querySelector(".lead")!.textContent).toBe("Of 4 claims of three papers: 1 reproduced in direction, 0 within noise, 1 contradicted, 0 not testable at this profile and 2 not run.");
    expect(clean(document.querySelector("main")!.textContent)).toContain("Of 5 rows of tables and figures: 1 reproduced in direction, 1 within noise, 0 contradicted, 1 not testable at this profile and 2 not run.");
    expect(clean(document.querySelector("dl.facts")!.textContent)).toContain("DatabccdSeeds3 (0, 1, 2)Items2 of 3 run");
  });

  it("draws the claims that were tested on the index, and has every number and verdict as data", () => {
    const document = open("index.html");
    expect(document.querySelector("#held + figure img")!.getAttribute("src")).toBe("figures/index-claims.svg");
    expect(document.querySelector("#more + ul a[href='results.json']")).not.toBeNull();
    const text = read("results.json");
    const record = JSON.parse(text) as { items: { id: string; rows: { id: string; here: object }[]; claims: object[] }[] };
    expect(record).toMatchObject({
      format: 1, profile: "smoke", note: expect.stringMatching(/reproduces no number/) as string, seeds: [0, 1, 2], environment: { deviceName: "A processor", threads: 1 },
      data: { name: "bccd", train: { name: "train.json", images: 7, hash: "ab" } }, code: [{ commit: "c0ffee", patch: "12" }],
    });
    expect(record.items.map(({ id }) => id)).toEqual(["sssd/table-1", "frs/table-3"]);
    const own = record.items[1];
    expect(own.rows.map(({ id, here }) => [id, here])).toEqual([
      ["teacher", { AP: [52.3], AP50: [82.3] }], ["student", { AP: [38.1, 37.2, 39.9], AP50: [68.1, 67.2, 69.9] }], ["both", { AP: [46.1, 47.7, null], AP50: [76.1, 77.7, null] }],
    ]);
    expect(own.rows[2]).toMatchObject({ runs: ["mini/both/0123456789abcdef/seed-0", "mini/both/0123456789abcdef/seed-1", null], teachers: [...Array<string>(2).fill("mini/teacher/0123456789abcdef/seed-1000"), null], problems: [null, null, "the loss is not finite in …/both"] });
    expect(own.rows[2]).toMatchObject({ against: "student", paper: { AP: 39.7 }, difference: { values: [8, 10.5], mean: 9.25, interval: [8.25, 10.25] }, verdict: "reproduced in direction" });
    expect(own.claims).toHaveLength(1); // hours are another machine's
    expect(own.claims[0]).toMatchObject({ id: "gain", verdict: "reproduced in direction", p: 0.01, adjusted: 0.02, comparisons: [{ better: "both", worse: "student", p: 0.01 }] });
    expect(text).toContain('"AP": [38.1, 37.2, 39.9]');
    expect(text).not.toMatch(/ada|correct-horse/);
  });

  it("says of what code the trainings come, what stands behind the means, and that a run was cut short", async () => {
    expect(clean(open("index.html").querySelector("dl.facts")!.textContent)).toContain("Codec0ffee, changed");
    const seeds = [...open("items/frs--table-3.html").querySelectorAll("details table")].at(-1)!;
    expect(clean(seeds.textContent)).toMatch(/RetinaNet R-50 alone38\.1 37\.2 39\.938\.41\.0\[37\.4, 39\.4\]\[37\.\d, 39\.\d\].*Δ FRS, both terms\+8\.00 \+10\.50/);
    expect(read("index.html")).not.toContain("Cut short");
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    try {
      await writeSite(siteOptions(other, { cut: { iterations: 10, rows: ["both"] } }));
      for (const path of ["index.html", "items/frs--table-3.html"]) expect(clean(documentAt(join(other, "site", path)).querySelector("main")!.textContent)).toContain("Cut short: 10 iterations of the papers' 2x schedule, the others in proportion; the rows both");
      expect(JSON.parse(readFileSync(join(other, "site", "results.json"), "utf8"))).toMatchObject({ cut: { iterations: 10, rows: ["both"] } });
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("tells what was not asked for as such, with the reason of rows that are never trained", () => {
    const text = clean(open("items/shared-kd--table-2.html").querySelector("main")!.textContent);
    expect(text).toContain("This item was not asked for: potstill reproduce shared-kd/table-2 runs it");
    expect(text).toContain("its code is not public");
    expect(text).toContain("reconstructed");
  });

  it("has a page for every training, with curves, and a teacher's page beside its pupils'", () => {
    const folders = [...new Set(results.flatMap(({ run }) => (run === undefined ? [] : [run.folder])))];
    expect(readdirSync(join(site, "runs"))).toEqual(folders.map((path) => `${path.replaceAll("/", "--")}.html`).sort());
    const document = open("runs/mini--both--0123456789abcdef--seed-0.html");
    expect([...document.querySelectorAll("figure.plot img")].map((image) => image.getAttribute("src")!.replace(/.*seed-0-/, ""))).toEqual(["losses.svg", "shares.svg", "lambda.svg", "share.svg", "rates.svg", "ap.svg"]);
    expect([...document.querySelectorAll("dl.facts a")].map((link) => link.getAttribute("href"))).toEqual(["../items/frs--table-3.html#row-both", "mini--teacher--0123456789abcdef--seed-1000.html", "mini--student--0123456789abcdef--seed-0.html"]);
    expect(clean(document.querySelector("#scores + div")!.textContent)).toContain("AP [points]46.1");
    expect(clean(open("runs/mini--teacher--0123456789abcdef--seed-1000.html").querySelector("dl.facts")!.textContent)).toContain("Taughtmini/both, seed 0; mini/both, seed 1");
  });

  it("has a page for a teacher that is no row, and its curve from its folder; entropies by what they may mean", async () => {
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    const some = results.filter(({ row }) => row.id !== "teacher").map((result) => (result.row.id === "student" && result.seed === 0 ? { ...result, entropies: { pixels: 5.25, channels: 3.5 } } : result));
    try {
      const options = siteOptions(other, { results: { "frs/table-3": some } });
      writeFileSync(join(options.runs, "mini/teacher/0123456789abcdef/seed-1000/validation.jsonl"), '{"iteration":20,"AP":12.5}\n{"iteration":40,"AP":13.5}\n');
      await writeSite(options);
      const document = documentAt(join(other, "site", "runs", "mini--teacher--0123456789abcdef--seed-1000.html"));
      expect(clean(document.querySelector("dl.facts")!.textContent)).toContain("Rowsnone of its own");
      expect(document.querySelector("figure.plot img[src$='-ap.svg']")).not.toBeNull();
      expect(clean(documentAt(join(other, "site", "items", "frs--table-3.html")).querySelector("main")!.textContent)).toMatch(/of pixels \[bits\]of channels \[bits\] ?RetinaNet R-50 alone5\.25 1 seed3\.50 1 seed/);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("shows teacher, student alone and distilled student side by side, with a slider", () => {
    const document = open("runs/mini--both--0123456789abcdef--seed-1.html");
    const figures = [...document.querySelectorAll("[data-overlay] figure > div:first-child")].map(({ textContent }) => textContent);
    expect(figures).toEqual(["ground truth", "teacher", "student alone", "distilled student"]);
    expect(document.querySelector("input[type=range]")!.getAttribute("aria-label")).toBe("lowest score shown");
  });

  it("lists every silence of the papers, each with an anchor of its own", () => {
    const document = open("differences.html");
    for (const { paper, id, topic } of silences) expect(clean(document.getElementById(`${paper}-${id}`)!.querySelector("th")!.textContent)).toContain(topic);
  });

  it("says on top of every page of the smoke profile that it is no reproduction, and of no other", async () => {
    for (const path of pagesOf(site).filter((page) => !page.includes("notebooks"))) expect(documentAt(path).querySelector(".banner")!.textContent).toMatch(/proves the pipeline and is no reproduction/);
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    try {
      await writeSite({ ...siteOptions(other), profile: "paper" });
      expect(readFileSync(join(other, "site", "index.html"), "utf8")).not.toContain("no reproduction");
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

describe("its pages", () => {
  it("are whole documents: one title and heading, unique ids, a language, headings in order", () => {
    for (const path of pagesOf(site)) {
      const document = documentAt(path);
      expect(document.documentElement.lang, path).toBe("en");
      expect(document.querySelectorAll("h1").length, path).toBe(1);
      const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
      expect(new Set(ids).size, path).toBe(ids.length);
      const levels = [...document.querySelectorAll("h1, h2, h3")].map(({ tagName }) => Number(tagName[1]));
      levels.forEach((level, i) => { expect(level - (levels[i - 1] ?? 0), path).toBeLessThanOrEqual(1); });
      for (const image of document.querySelectorAll("img")) expect(image.getAttribute("alt"), path).not.toBe("");
    }
  });

  it("close every element that they open", () => {
    const empty = /^(?:meta|link|img|br|input)$/;
    for (const path of pagesOf(site)) {
      const open: string[] = [];
      const html = readFileSync(path, "utf8").replace(/<script\b[^>]*>[\s\S]*?<\/script>|<!DOCTYPE html>/g, "");
      for (const [, close, name, self] of html.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:[^<>"']|"[^"]*"|'[^']*')*?(\/?)>/g)) {
        if (close) expect(open.pop(), path).toBe(name);
        else if (!empty.test(name) && self === "") open.push(name);
      }
      expect(open, path).toEqual([]);
    }
  });

  it("link to what is there, anchors too, and load nothing from elsewhere", () => {
    for (const path of pagesOf(site)) {
      const document = documentAt(path);
      for (const element of document.querySelectorAll("[href], [src], [data-plotly]")) {
        const link = element.getAttribute("href") ?? element.getAttribute("src")!;
        if (link.startsWith("data:")) continue;
        expect(link, path).not.toMatch(/^(?:[a-z]+:|\/)/i);
        const [file, anchor] = link.split("#");
        const target = file === "" ? path : resolve(dirname(path), decodeURI(file));
        expect(existsSync(target), `${path} → ${link}`).toBe(true);
        if (anchor) expect(documentAt(target).getElementById(decodeURIComponent(anchor)), `${path} → ${link}`).not.toBeNull();
      }
      const script = document.querySelector("script[data-plotly]");
      if (script) expect(existsSync(resolve(dirname(path), script.getAttribute("data-plotly")!))).toBe(true);
    }
    expect(read("assets/site.css")).not.toMatch(/url\(|@import/);
  });

  it("show markup in names as text", () => {
    for (const path of pagesOf(site)) {
      const document = documentAt(path);
      expect(document.querySelectorAll("b, u, i, em, img[onerror]").length, path).toBe(0);
      for (const script of document.querySelectorAll('script:not([type="application/json"])')) expect(script.textContent).not.toContain("alert(");
    }
    expect(clean(open("items/sssd--table-1.html").querySelector("#row-one")!.textContent)).toContain("'\"><b>bold</b>");
  });

  it("tell nothing of where things lie, and no secrets", () => {
    for (const path of pagesOf(site)) expect(readFileSync(path, "utf8"), path).not.toMatch(/\/home\/|\bada\b|C:\\\\?Users|potstill-site-|correct-horse/);
    expect(clean(open("items/frs--table-3.html").getElementById("row-both")!.textContent)).toContain("[POTSTILL_TEST_TOKEN]");
    expect(clean(open("runs/mini--both--0123456789abcdef--seed-0.html").querySelector("pre")!.textContent)).toContain('"from": "');
  });
});

describe("writing a site", () => {
  it("twice gives the same bytes but for times, draws no picture again, and leaves other files alone", async () => {
    const again = vi.fn(draw);
    const before = settled(site);
    writeFileSync(join(site, "mine.txt"), "mine");
    await writeSite(siteOptions(folder, { draw: again, writtenAt: new Date("2027-01-01T00:00:00Z") }));
    expect(again).not.toHaveBeenCalled();
    rmSync(join(site, "mine.txt"));
    expect(settled(site)).toEqual(before);
  });

  it("from nothing gives the same bytes as over an earlier site, whose pages go", async () => {
    const first = mkdtempSync(join(tmpdir(), "potstill-site-")), second = mkdtempSync(join(tmpdir(), "potstill-site-"));
    try {
      const small = { items: [measuredItem], judgements: [judgement] };
      cpSync(folder, first, { recursive: true });
      await writeSite(siteOptions(first, small));
      await writeSite(siteOptions(second, small));
      expect(settled(join(first, "site"))).toEqual(settled(join(second, "site")));
      expect(existsSync(join(first, "site", "items", "shared-kd--table-2.html"))).toBe(false);
    } finally {
      rmSync(first, { recursive: true });
      rmSync(second, { recursive: true });
    }
  });

  it("that was interrupted goes on to the same site", async () => {
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    try {
      const broken = siteOptions(other, { draw: async () => { throw new Error("killed"); } });
      await expect(writeSite(broken)).rejects.toThrow("killed");
      await writeSite(siteOptions(other));
      expect(settled(join(other, "site"))).toEqual(settled(site));
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("wraps every measured number, so that other times change nothing else", async () => {
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    const slower = results.map((result) => (result.run === undefined ? result : { ...result, metrics: { ...result.metrics, hours: 7.7 }, run: { ...result.run, seconds: 99999, peakMemoryBytes: 7e9 } }));
    try {
      await writeSite(siteOptions(other, { results: { ...siteOptions(other).results, "frs/table-3": slower } }));
      expect(settled(join(other, "site"))).toEqual(settled(site));
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("says once that too few seeds test nothing", async () => {
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    try {
      const options = siteOptions(other);
      await writeSite({ ...options, judgements: options.judgements.map((judgement) => ({ ...judgement, seeds: judgement.seeds.slice(0, 2) })) });
      expect(readFileSync(join(other, "site", "index.html"), "utf8")).toContain("With 2 seeds nothing is tested, whatever the numbers are: give --seeds 3 or more.");
      expect(readFileSync(join(site, "index.html"), "utf8")).not.toContain("nothing is tested");
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("refuses judgements of unknown items, notebooks that are not there, and lists that lead outside", async () => {
    await expect(writeSite(siteOptions(folder, { items: [unaskedItem] }))).rejects.toThrow("a judgement of frs/table-3, which is none of the site's items");
    await expect(writeSite(siteOptions(folder, { notebooks: { "frs/table-3": join(folder, "gone.html") } }))).rejects.toThrow(/gone\.html of frs\/table-3 is not there/);
    const other = mkdtempSync(join(tmpdir(), "potstill-site-"));
    try {
      await writeSite(siteOptions(other));
      writeFileSync(join(other, "site", "site.json"), JSON.stringify({ files: ["../executed.html"] }));
      await expect(writeSite(siteOptions(other))).rejects.toThrow("../executed.html");
      expect(existsSync(join(other, "executed.html"))).toBe(true);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

describe("a run whose files are broken", () => {
  it("has a page that names them; the other pages are there", async () => {
    const options = siteOptions(join(folder, "broken"));
    const own = results.find(({ run }) => run !== undefined)!.run!.folder;
    for (const name of ["config.json", "code.json", "result.json", "metrics.jsonl"]) writeFileSync(join(options.runs, own, name), "{\n{\n");
    await writeSite(options);
    const pages = pagesOf(options.folder).map((path) => readFileSync(path, "utf8"));
    const page = pages.filter((html) => html.includes("config.json is not JSON"));
    expect(page.length).toBe(1);
    expect(page[0]).toMatch(/result\.json is not JSON[^]*metrics\.jsonl, line 1[^]*code\.json is not JSON/);
    expect(page[0]).toContain("Its config.json cannot be read.");
    expect(pages.length).toBe(pagesOf(site).length);
  });
});
