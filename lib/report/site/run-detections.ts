import { detectionsPicture } from "../detections-picture.ts";
import { displaySymbol } from "../html.ts";
import type { Look } from "../look.ts";
import { markup, trusted } from "./markup.ts";
import type { Markup } from "./markup.ts";
import type { Site, SiteRun } from "./types.ts";

/** Ground truth, teacher, student alone and distilled student side by side, with a slider; of others their own detections. */
export async function detectionsOf({ looks }: Pick<Site, "looks">, run: SiteRun): Promise<Markup> {
  const columns = looks === undefined ? {} : await columnsOf(looks, run);
  const [first] = Object.values(columns);
  if (first === undefined || first.length === 0) return markup`<p class="quiet">No detector of this training was looked at.</p>`;
  const bundle = await detectionsPicture(columns)[displaySymbol]();
  return markup`<p>Some images of the validation data, the same on every page, chosen by their position alone. Detections below the slider's score are hidden; without scripts it stays at 0.3.</p>${trusted(String(bundle["text/html"]))}`;
}

async function columnsOf(looks: NonNullable<Site["looks"]>, { folder, teacher, alone, answers }: SiteRun): Promise<Record<string, readonly Look[]>> {
  const distilled = answers.some(({ result: { row } }) => row.role === "method");
  const wanted = [["teacher", teacher], ["student alone", alone], [distilled ? "distilled student" : "detector", folder]] as const;
  const found: [string, readonly Look[]][] = [];
  for (const [heading, place] of wanted) {
    const own = place === undefined ? undefined : await looks(place);
    if (own !== undefined) found.push([heading, own]);
  }
  return Object.fromEntries(found);
}
