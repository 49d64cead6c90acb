import { background } from "../detector/assign/max-iou.ts";
import { assignmentOf, countAssigned, levelName } from "../detector/assignment.ts";
import type { AssignedLevel } from "../detector/assignment.ts";
import type { Detector } from "../detector/detector.ts";
import { assignmentLayer } from "./assignment-layer.ts";
import type { ObjectLooks } from "./assignment-layer.ts";
import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";
import type { View } from "./look.ts";
import { objectLayer, objectName } from "./object-layer.ts";
import { objectColours } from "./palette.ts";
import { dimmedMark, legendHtml, panelHtml, photoUri, rowsHtml } from "./panels.ts";
import { table } from "./table.ts";
import type { Column, ReportTable } from "./table.ts";

/** One detector's assignment of a view, under the heading of its panels. */
interface Assigned {
  readonly heading: string;
  readonly levels: readonly AssignedLevel[];
}

interface LevelRow extends AssignedLevel {
  readonly heading: string;
}

export interface AssignmentPicture extends Displayable {
  /** Positives per level and object, with the ignored; of the levels that have either. */
  readonly counts: ReportTable<unknown>;
}

/**
 * Which cells the detectors' own training gives to which object: a row per level, a panel per detector, and a table of the
 * counts. Where the page is narrow, rows wrap. Coloured cells are positive, in their object's colour; hatched ones are ignored; the rest is background.
 * @param detectors by the headings of their panels, or a list that is called by the detectors' names
 * Throws Error when a detector does not tell its assignment.
 */
export function assignmentPicture(detectors: Detector | readonly Detector[] | Readonly<Record<string, Detector>>, view: View): AssignmentPicture {
  const assigned = named(detectors).map(([heading, detector]) => ({ heading, levels: assignmentOf(detector, view.target, view.size) }));
  const counts = countTable(assigned, view);
  return {
    counts,
    [displaySymbol]: async () => ({ "text/html": await html(assigned, view, counts), "text/plain": counts.toString() }),
  };
}

function named(detectors: Detector | readonly Detector[] | Readonly<Record<string, Detector>>): (readonly [string, Detector])[] {
  if (isDetector(detectors)) return [[detectors.name, detectors]];
  if (Array.isArray(detectors)) return (detectors as readonly Detector[]).map((detector) => [detector.name, detector]);
  return Object.entries(detectors as Readonly<Record<string, Detector>>);
}

function isDetector(value: object): value is Detector {
  return typeof (value as Partial<Detector>).predict === "function";
}

/** Whether a level has positive or ignored priors. */
const isBusy = ({ objects }: AssignedLevel) => objects.some((o) => o !== background);

function countTable(assigned: readonly Assigned[], { target, names }: View): ReportTable<unknown> {
  const rows = assigned.flatMap(({ heading, levels }) => levels.filter(isBusy).map((level): LevelRow => ({ heading, ...level })));
  const columns: Column<LevelRow>[] = [
    { heading: "detector", value: ({ heading }) => heading, oneLine: true },
    { heading: "level", value: ({ strideX }) => levelName(strideX) },
    { heading: "stride", unit: "px", value: ({ strideX }) => strideX },
    { heading: "priors", value: ({ objects }) => objects.length, decimals: 0 },
    { heading: "ignored", value: (level) => countAssigned(level).ignored, decimals: 0 },
    { heading: "positive", value: (level) => countAssigned(level).positive, decimals: 0 },
    ...Array.from(target.labels, (_, o): Column<LevelRow> => ({ heading: objectName(target, o, names), value: (level) => countAssigned(level, o).positive, decimals: 0 })),
  ];
  return table(columns, rows, { caption: "Positive priors per level and object [number of anchors or points]" }) as ReportTable<unknown>;
}

async function html(assigned: readonly Assigned[], view: View, counts: ReportTable<unknown>): Promise<string> {
  const photo = await photoUri(view.photo, { dimmed: true, maxSide: 320, quality: 70 });
  const names = [...new Set(assigned.flatMap(({ levels }) => levels.map(({ strideX }) => levelName(strideX))))].sort((a, b) => a.localeCompare(b));
  const at = ({ levels }: Assigned, name: string) => levels.find(({ strideX }) => levelName(strideX) === name);
  const objects = looksOf(view);
  const busy = names.filter((name) => assigned.some(({ levels }) => levels.some((level) => levelName(level.strideX) === name && isBusy(level))));
  const rows = busy.map((name) => assigned.map((one) => {
    const level = at(one, name);
    return level === undefined ? "" : levelPanel(level, view, { photo, heading: one.heading, objects });
  }));
  const rest = names.filter((name) => !busy.includes(name));
  const note = rest.length === 0 ? "" : `<div style="font-size:0.85em;opacity:0.85;padding-top:4px">${rest.join(", ")}: background everywhere.</div>`;
  const { "text/html": counted } = await counts[displaySymbol]();
  return `<div style="color:inherit">${rowsHtml(rows, { minWidth: 165, maxWidth: 320 })}${note}${legend(objects)}${String(counted)}</div>`;
}

function levelPanel(level: AssignedLevel, view: View, { photo, heading, objects }: { photo: string; heading: string; objects: ObjectLooks }): string {
  const { width, height } = view.photo;
  const { positive, ignored } = countAssigned(level);
  const priors = level.kind === "point" ? "points" : "anchors";
  const skipped = ignored === 0 ? "" : `, ${ignored} ignored`;
  const text = `stride ${level.strideX} px · ${positive} of ${level.objects.length} ${priors}${skipped}`;
  const layer = assignmentLayer(level, objects) + objectLayer(view.target, view.names);
  return panelHtml({ width, height, photo, layer, heading, label: `${heading}, ${levelName(level.strideX)}: ${text}`, caption: { html: `<b>${levelName(level.strideX)}</b> · ${escapeHtml(text)}` } });
}

function looksOf({ target, names }: View): ObjectLooks {
  return { names: Array.from(target.labels, (_, o) => objectName(target, o, names)), colours: objectColours(target.labels) };
}

function legend({ names, colours }: ObjectLooks): string {
  const objects = names.map((name, o) => [`border-top:0.8em solid ${colours[o]}`, name] as const);
  const hatched = "height:0.8em;background:repeating-linear-gradient(135deg,#777 0 2px,transparent 2px 5px)";
  return legendHtml([...objects, [hatched, "ignored: trains nothing"], [dimmedMark, "background"]]);
}
