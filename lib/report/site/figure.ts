import { createHash } from "node:crypto";
import type { Figure } from "../figures.ts";
import { markup, scriptJson } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { linkFrom, places } from "./places.ts";
import type { DrawFigure, Site, Still } from "./types.ts";

export interface FigureOptions {
  /** Of the page that it stands in. */
  readonly page: string;
  /** Unique in the page. */
  readonly name: string;
  /** What is seen, in words. */
  readonly caption: Content;
  /** What it is called by those who cannot see it. */
  readonly title: string;
  /** It shows measured times or memory. */
  readonly measured?: boolean;
  /** Of the still picture, CSS pixels. Default 960; less where figures stand side by side, so that letters keep their size. */
  readonly width?: number;
}

/** A figure as a still picture that becomes interactive where scripts run. */
export async function figureOf(site: Pick<Site, "still">, figure: Figure, { page, name, caption, title, measured = false, width = 960 }: FigureOptions): Promise<Markup> {
  const path = places.figure(page, name);
  const { height } = sizeOf(figure);
  await site.still({ path, figure, width, height, measured });
  return markup`<figure class="plot"${measured && markup` data-measured`}><div class="frame"><img class="still" src="${linkFrom(page, path)}" width="${width}" height="${height}" alt="${title}"></div><script type="application/json">${scriptJson({ data: figure.data, layout: figure.layout })}</script><figcaption>${caption}</figcaption></figure>`;
}

function sizeOf({ layout }: Figure): { readonly height: number } {
  return { height: typeof layout.height === "number" ? layout.height : 420 };
}

/** Raised when pictures of the same figure come out otherwise. */
const version = 2;

/** What a picture is drawn from, in short: a picture that is already there with it is not drawn again. */
export function pictureKey({ figure, width: across, height }: Pick<Still, "figure" | "width" | "height">): string {
  return createHash("sha256").update(JSON.stringify({ version, across, height, figure: scriptJson(figure).html })).digest("hex").slice(0, 16);
}

/** The picture with its key, and with names of its parts that do not depend on chance. */
export async function drawStill(draw: DrawFigure, still: Still): Promise<string> {
  const svg = await draw(still.figure, { width: still.width, height: still.height });
  return settled(svg).replace("<svg ", `<svg data-figure="${pictureKey(still)}"${still.measured ? ' data-measured=""' : ""} `);
}

/** Plotly names clip paths and gradients after six random digits of each drawing, and classes after six of each trace. */
function settled(drawn: string): string {
  const svg = drawn.replace(/(class="[^"]*?) ?\btrace[0-9a-f]{6}(?=[" ])/g, "$1");
  const chance = /id="(?:top)?defs-([0-9a-f]{6})"/.exec(svg)?.[1];
  return chance === undefined ? svg : svg.replaceAll(new RegExp(`((?:id="|url\\((?:&quot;|['"])?#|href="#)[\\w-]*?)${chance}`, "g"), "$1figure");
}
