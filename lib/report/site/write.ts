import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve, sep } from "node:path";
import type { Item } from "../../papers/item.ts";
import type { Judgement } from "../../papers/judgement.ts";
import { publishedCells } from "../../papers/published-cells.ts";
import type { Profile } from "../../papers/sssd.ts";
import { thisMachine, withoutLeaks } from "../../provenance/index.ts";
import type { Figure } from "../figures.ts";
import { itemFigure } from "../item-figure.ts";
import { differencesPage } from "./differences-page.ts";
import { drawStill, pictureKey } from "./figure.ts";
import { siteFiles, type SiteFiles } from "./files.ts";
import { indexPage } from "./index-page.ts";
import { itemPage } from "./item-page.ts";
import { places } from "./places.ts";
import { resultsText } from "./results-record.ts";
import { runPage } from "./run-page.ts";
import { readRun, runsOf } from "./runs.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";
import { trainedBy } from "./trained-by.ts";
import { trainingsPage } from "./trainings-page.ts";
import type { Site, SiteItem, SiteOptions, SitePage, Still } from "./types.ts";

/**
 * Writes the report site: index, a page per item and per training, the differences. It opens from disk and needs no network.
 * Absolute paths lose their folders; users, machines and secrets that the environment holds lose their names. Written twice from the same results it has the same bytes, but for `<time>` and what stands in `data-measured`.
 * @returns the index, from the current folder on
 * @throws Error for a folder that cannot be written, and for a run whose files are broken
 */
export async function writeSite(options: SiteOptions): Promise<string> {
  const files = siteFiles(options.folder);
  const site = siteOf(options, files);
  files.write(places.style, style);
  files.write(places.script, script);
  files.write(places.plotly, readFileSync(createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js")));
  const machine = thisMachine();
  for await (const { path, html } of pagesOf(site)) files.write(path, withoutLeaks(html, machine));
  files.write(places.results, withoutLeaks(resultsText(site), machine));
  files.finish();
  return join(options.folder, places.index);
}

async function* pagesOf(site: Site): AsyncGenerator<SitePage, void> {
  yield await indexPage(site);
  yield differencesPage(site);
  yield trainingsPage(site);
  for (const entry of site.items) yield await itemPage(site, entry, figureFor(entry));
  for (const run of site.runs) yield await runPage(site, run);
}

function figureFor({ judgement, asked }: SiteItem): Figure | undefined {
  return asked ? itemFigure(judgement) : undefined;
}

function siteOf(options: SiteOptions, files: SiteFiles): Site {
  const items = options.items.map((item) => entryOf(item, options, files));
  const unknown = options.judgements.find(({ item }) => !options.items.some(({ id }) => id === item.id));
  if (unknown !== undefined) throw new Error(`there is a judgement of ${unknown.item.id}, which is none of the site's items: ${options.items.map(({ id }) => id).join(", ")}`);
  const runs = runsOf(items);
  return {
    ...options, items,
    seeds: [...new Set(options.judgements.flatMap(({ seeds }) => seeds))].sort((a, b) => a - b),
    runs,
    code: trainedBy(runs, options.runs),
    read: ({ folder }) => readRun(join(options.runs, folder)),
    still: (still) => keepStill(still, options, files),
  };
}

function entryOf(item: Item, { judgements, results, differences, notebooks, profile, folder }: SiteOptions, files: SiteFiles): SiteItem {
  const judgement = judgements.find(({ item: { id } }) => id === item.id);
  const notebook = notebooks[item.id] === undefined ? undefined : notebookIn(folder, { id: item.id, file: notebooks[item.id] }, files);
  return {
    item, asked: judgement !== undefined,
    judgement: judgement ?? notAsked(item, profile),
    results: results[item.id] ?? [],
    differences: differences?.[item.id] ?? [],
    ...(notebook !== undefined && { notebook }),
  };
}

/** The judgement of an item that nobody asked for. */
function notAsked(item: Item, profile: Profile): Judgement {
  const why = "this item was not asked for";
  return {
    item, profile, seeds: [], note: "",
    rows: item.rows.map((row) => ({ row, published: publishedCells(item, row), metric: row.measure === undefined ? item.metrics[0] : "entropy", here: {}, seeds: [], verdict: "not run", why: row.notRun ?? why })),
    claims: item.claims.map((claim) => ({ claim, verdict: "not run", why, comparisons: [] })),
  };
}

/** Where an executed notebook's page lies in the site; one from elsewhere is copied. */
function notebookIn(folder: string, { id, file }: { readonly id: string; readonly file: string }, files: SiteFiles): string {
  if (!existsSync(file)) throw new Error(`the executed notebook ${file} of ${id} is not there. Leave it out, or run it first`);
  const inside = relative(resolve(folder), resolve(file));
  if (!inside.startsWith("..") && resolve(file) !== inside) {
    files.keep(inside.split(sep).join("/"));
    return inside.split(sep).join("/");
  }
  files.write(places.notebook(id), readFileSync(file));
  return places.notebook(id);
}

/** Draws what is not there yet. */
async function keepStill(still: Still, { draw }: Pick<SiteOptions, "draw">, files: SiteFiles): Promise<void> {
  const there = files.read(still.path);
  files.write(still.path, there?.includes(`data-figure="${pictureKey(still)}"`) ? there : await drawStill(draw, still));
}
