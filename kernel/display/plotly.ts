import { createHash } from "node:crypto";
import { escapeHtml } from "./escape.ts";
import { lookup } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";
import { plotlyToPng } from "./plotly-static.ts";
import type { Figure } from "./plotly-static.ts";
import { traceTypes } from "./plotly-traces.ts";

const parts = new Set(["data", "layout", "config", "frames"]);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** A figure holds nothing but data, layout, config and frames, and every trace is one that Plotly knows. */
export function isFigure(value: unknown): value is Figure {
  if (!isObject(value) || !Array.isArray(lookup(value, "data")) || !Array.isArray(value.data) || !Object.keys(value).every((key) => parts.has(key))) return false;
  if (value.layout !== undefined && !isObject(value.layout)) return false;
  if (value.data.length === 0) return value.layout !== undefined;
  return (value.data as unknown[]).every((trace) => isTrace(trace, value.layout !== undefined));
}

/** A trace names its type; beside a layout it may leave it out (then it is a scatter) when it has coordinates. */
function isTrace(trace: unknown, hasLayout: boolean): boolean {
  if (!isObject(trace)) return false;
  if (trace.type !== undefined) return typeof trace.type === "string" && traceTypes.has(trace.type);
  return hasLayout && [trace.x, trace.y].some((values) => Array.isArray(values) || ArrayBuffer.isView(values));
}

const fallbackSize = { width: 700, height: 450 };
/** Script and picture both carry the figure; beyond this many characters of JSON only the picture does. */
const mostScript = 2_000_000;

/**
 * The bundle that JupyterLab (with or without Plotly's extension), VS Code and nbconvert each can show: the figure's JSON,
 * HTML with a still picture that becomes a graph where Plotly is on the page, and text. A picture of its own type is
 * left out on purpose, as JupyterLab would prefer it to the graph.
 */
export async function figureBundle(figure: Figure): Promise<MimeBundle> {
  const plain = withTitles(plainJson(figure)) as Figure;
  const { width, height } = sizeOf(plain);
  const described = describe(plain);
  try {
    const png = await plotlyToPng(plain, { width, height });
    const picture = `<img src="data:image/png;base64,${png.toString("base64")}" alt="${escapeHtml(described)}" width="${width}" height="${height}" style="max-width: 100%; height: auto">`;
    return bundle(plain, picture, described);
  } catch (error) {
    const reason = `no still picture: ${error instanceof Error ? error.message : String(error)}`;
    return bundle(plain, `<p>${escapeHtml(`${described} (${reason})`)}</p>`, `${described} (${reason})`);
  }
}

/** What of a figure is known at once, before its still picture: frontends that know Plotly draw it from this. */
export function figurePreview(figure: Figure): MimeBundle {
  const plain = withTitles(plainJson(figure)) as Figure;
  return { "application/vnd.plotly.v1+json": plotlyJson(plain), "text/plain": describe(plain) };
}

function plotlyJson({ data, layout = {}, config, frames }: Figure): object {
  return { data, layout, ...(config ? { config } : {}), ...(frames ? { frames } : {}) };
}

function bundle(figure: Figure, still: string, text: string): MimeBundle {
  return {
    "application/vnd.plotly.v1+json": plotlyJson(figure),
    "text/html": `<div>${still}</div>${upgrade(figure)}`,
    "text/plain": text,
  };
}

/** JSON inside a script element: no "<", so that nothing in it can end the element. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

function upgrade(figure: Figure): string {
  const json = scriptJson({ data: figure.data, layout: figure.layout ?? {}, config: { responsive: true, ...figure.config }, frames: figure.frames ?? [] });
  if (json.length > mostScript) return "";
  const id = `potstill-figure-${createHash("sha256").update(json).digest("hex").slice(0, 12)}`;
  return `<script data-figure="${id}">(function () {
  var script = document.currentScript, figure = ${json};
  var holder = script && script.previousElementSibling;
  if (!holder) return;
  function draw(Plotly) {
    var graph = document.createElement("div");
    graph.style.width = "100%";
    holder.parentNode.insertBefore(graph, holder);
    holder.style.display = "none";
    Plotly.newPlot(graph, figure).catch(function () { graph.remove(); holder.style.display = ""; });
  }
  if (window.Plotly) draw(window.Plotly);
  else if (typeof require === "function" && require.defined && require.defined("plotly")) require(["plotly"], draw, function () {});
})();</script>`;
}

/** Where a figure carries data of the user's own shape. */
const foreign = new Set(["customdata", "meta", "ids"]);

/** Titles that are bare strings, which Plotly dropped in version 3, as `{ text }`, which every version reads. */
function withTitles(value: unknown): unknown {
  if (Array.isArray(value)) return value.some(isObject) ? value.map(withTitles) : value;
  if (!isObject(value)) return value;
  const titled = (key: string, item: unknown): unknown => (foreign.has(key) ? item : key === "title" && typeof item === "string" ? { text: item } : withTitles(item));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, titled(key, item)]));
}

/** The figure as JSON holds it: typed arrays as lists, dates as ISO text, numbers that are not finite as null. */
function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item: unknown) => {
    if (ArrayBuffer.isView(item) && !(item instanceof DataView)) return Array.from(item as unknown as ArrayLike<number | bigint>, (number) => Number(number));
    return typeof item === "bigint" ? Number(item) : item;
  })) as unknown;
}

function sizeOf({ layout = {} }: Figure): { width: number; height: number } {
  const usable = (value: unknown, fallback: number): number => (typeof value === "number" && value >= 10 && value <= 10_000 ? Math.round(value) : fallback);
  return { width: usable(layout.width, fallbackSize.width), height: usable(layout.height, fallbackSize.height) };
}

/** For example `Plotly figure "Loss": 2 traces (scatter, bar)`. */
function describe({ data, layout = {} }: Figure): string {
  const title = isObject(layout.title) && typeof layout.title.text === "string" ? layout.title.text : undefined;
  const types = [...new Set(data.map(({ type }) => (typeof type === "string" ? type : "scatter")))];
  return `Plotly figure${title ? ` "${title.replace(/<[^>]*>/g, "")}"` : ""}: ${data.length} ${data.length === 1 ? "trace" : "traces"}${types.length > 0 ? ` (${types.join(", ")})` : ""}`;
}
