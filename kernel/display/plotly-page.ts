import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { JSDOM, VirtualConsole } from "jsdom";
import { Raster } from "./raster.ts";
import { alongPath, boxOf, textBox } from "./svg-boxes.ts";
import { textWidth } from "./text-metrics.ts";

type PlotlyApi = { toImage(figure: unknown, options: { format: "svg"; width: number; height: number; imageDataOnly: boolean }): Promise<string> };

/** The fonts that the widths are of; Verdana is drawn nearly as wide. */
const fontFamily = "'DejaVu Sans', Verdana, sans-serif";

let page: Promise<PlotlyApi> | undefined;

/** Plotly in a page without a browser (0.7 s the first time): jsdom, given what it lacks – text widths, boxes, a canvas. */
async function openPage(): Promise<PlotlyApi> {
  const dom = new JSDOM("<!DOCTYPE html><body></body>", { runScripts: "outside-only", pretendToBeVisual: true, virtualConsole: new VirtualConsole() });
  supply(dom.window as unknown as Page);
  const file = createRequire(import.meta.url).resolve("plotly.js-dist-min");
  dom.window.eval(readFileSync(file, "utf8"));
  return (dom.window as unknown as { Plotly: PlotlyApi }).Plotly;
}

type Page = typeof globalThis & Window & { SVGElement: { prototype: object }; Element: { prototype: object }; HTMLCanvasElement: { prototype: object }; URL: object };

function supply(window: Page): void {
  const rectangle = (element: Element): object => {
    const { left, top, right, bottom } = boxOf(element) ?? { left: 0, top: 0, right: 0, bottom: 0 };
    return { x: left, y: top, left, top, right, bottom, width: right - left, height: bottom - top };
  };
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: Element) { return rectangle(this); },
    getBoundingClientRect(this: Element) { return rectangle(this); },
    getTotalLength(this: Element) { return alongPath(this, Infinity).total; },
    getPointAtLength(this: Element, length: number) { return alongPath(this, Math.max(0, length)); },
    getComputedTextLength(this: Element) { const { left, right } = textBox(this); return right - left; },
  });
  Object.assign(window.HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvasElement & { raster?: Raster }, kind: string) { return kind === "2d" ? contextOf(this) : null; },
    toDataURL(this: HTMLCanvasElement & { raster?: Raster }) { return contextOf(this).toDataURL(); },
  });
  Object.assign(window, { TextDecoder, TextEncoder, scrollTo: () => undefined });
  Object.assign(window.URL, { createObjectURL: () => "", revokeObjectURL: () => undefined });
}

function contextOf(canvas: HTMLCanvasElement & { raster?: Raster }): Raster {
  if (canvas.raster === undefined) {
    canvas.raster = Object.assign(new Raster(canvas.width, canvas.height), {
      canvas, font: "12px sans-serif",
      measureText(this: { font: string }, text: string) { return { width: textWidth(text, Number.parseFloat(/[\d.]+px/.exec(this.font)?.[0] ?? "12")) }; },
    });
  }
  return canvas.raster;
}

/** Traces that Plotly draws by WebGL and that have an equal twin in SVG. */
const twins: Readonly<Record<string, string>> = { scattergl: "scatter", scatterpolargl: "scatterpolar", heatmapgl: "heatmap" };
/** Traces that only WebGL or a map service can draw. */
const undrawable = /^(scatter3d|surface|mesh3d|cone|streamtube|volume|isosurface|splom|parcoords|pointcloud|.*mapbox|.*map|scattergeo|choropleth)$/;

type Trace = Readonly<Record<string, unknown>>;

function drawable(trace: Trace): Trace {
  const type = typeof trace.type === "string" ? trace.type : "scatter";
  if (undrawable.test(type) && type !== "heatmap" && type !== "treemap") throw new Error(`a "${type}" trace needs a browser with WebGL or a network`);
  return twins[type] === undefined ? trace : { ...trace, type: twins[type] };
}

/**
 * A Plotly figure as SVG text of `width` × `height` px, in the page's font.
 * @throws {Error} for traces that cannot be drawn without a browser, and what Plotly says of a faulty figure
 */
export async function figureSvg(figure: { data: readonly Trace[]; layout?: Trace }, { width, height }: { width: number; height: number }): Promise<string> {
  const plotly = await (page ??= openPage());
  const layout = { ...figure.layout, width, height };
  const text = await plotly.toImage({ data: figure.data.map(drawable), layout, config: { staticPlot: true } }, { format: "svg", width, height, imageDataOnly: true });
  return text.replace(/font-family: ?[^;"]*(&quot;[^;]*?&quot;[^;"]*)*;?/g, `font-family: ${fontFamily};`);
}
