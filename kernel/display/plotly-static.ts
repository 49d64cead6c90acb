import { Worker } from "node:worker_threads";
import type { Sharp, SharpOptions } from "sharp";
import { builtFile } from "./built-file.ts";
import type { Drawing, Drawn } from "./plotly-worker.ts";

/** A Plotly figure as plain data. */
export type Figure = {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly frames?: readonly unknown[];
};

/** A picture's size in CSS pixels. */
export type Size = { width: number; height: number };

type Waiting = { resolve: (svg: string) => void; reject: (error: Error) => void };

/** A figure that takes longer is given up (ms). */
const patience = 60_000;

/** Draws figures in a thread of its own, so that neither a faulty figure nor a slow one can hold up cells. */
class Draughtsman {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #drawings = 0;

  draw(figure: Figure, { width, height }: Size): Promise<string> {
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#drawings;
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => this.#end(worker, new Error(`drawing took longer than ${patience / 1000} s`)), patience);
      const done = (): void => { clearTimeout(timer); this.#waiting.delete(id); if (this.#waiting.size === 0) worker.unref(); };
      this.#waiting.set(id, { resolve: (svg) => { done(); resolve(svg); }, reject: (error) => { done(); reject(error); } });
      worker.ref();
      worker.postMessage({ id, figure, width, height } satisfies Drawing);
    });
  }

  #start(): Worker {
    const worker = new Worker(builtFile(import.meta.url, "plotly-worker"), { stdout: true, stderr: true });
    worker.on("message", (drawn: Drawn) => {
      const waiting = this.#waiting.get(drawn.id);
      if ("svg" in drawn) waiting?.resolve(drawn.svg);
      else waiting?.reject(new Error(drawn.error));
    });
    worker.on("error", (error) => this.#end(worker, error));
    worker.on("exit", () => this.#end(worker, new Error("the drawing thread ended")));
    return worker;
  }

  #end(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
    void worker.terminate();
  }
}

const draughtsman = new Draughtsman();

/**
 * A Plotly figure as SVG text, drawn without a browser. Typed arrays are fine; traces that need WebGL or maps are not.
 * @throws {Error} saying why the figure cannot be drawn
 */
export function plotlyToSvg(figure: Figure, size: Size): Promise<string> {
  return draughtsman.draw(figure, size);
}

let fonts: Promise<boolean> | undefined;

/** Whether the system has any font to draw with: a letter must leave ink. */
async function hasFonts(rasterise: (svg: Buffer, options?: SharpOptions) => Sharp): Promise<boolean> {
  const letter = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="white"/><text x="5" y="30" font-size="30" font-family="'DejaVu Sans', Verdana, sans-serif">M</text></svg>`);
  const { channels } = await rasterise(letter).stats();
  return channels[0].min < 255;
}

/**
 * A Plotly figure as PNG file of `width` × `height` CSS pixels, `scale` image pixels to each.
 * @throws {Error} as {@link plotlyToSvg}, and when no font is installed, as a figure without words would mislead
 */
export async function plotlyToPng(figure: Figure, { width, height, scale = 2 }: Size & { scale?: number }): Promise<Buffer> {
  const drawn = plotlyToSvg(figure, { width, height });
  const [svg, { default: sharp }] = await Promise.all([drawn, import("sharp")]);
  if (!(await (fonts ??= hasFonts(sharp)))) throw new Error("this system has no fonts; install one, for example the package fonts-dejavu-core");
  return sharp(Buffer.from(svg), { density: 72 * scale }).png({ compressionLevel: 9 }).toBuffer();
}
