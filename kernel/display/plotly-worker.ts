import { parentPort } from "node:worker_threads";
import { figureSvg } from "./plotly-page.ts";

export type Drawing = { readonly id: number; readonly figure: Parameters<typeof figureSvg>[0]; readonly width: number; readonly height: number };
export type Drawn = { readonly id: number; readonly svg: string } | { readonly id: number; readonly error: string };

let queue = Promise.resolve(); // one figure at a time: Plotly measures texts on one shared page

async function draw({ id, figure, width, height }: Drawing): Promise<Drawn> {
  try {
    return { id, svg: await figureSvg(figure, { width, height }) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.on("message", (drawing: Drawing) => {
  queue = queue.then(async () => parentPort!.postMessage(await draw(drawing)));
});
