import { background } from "../detector/assign/max-iou.ts";
import { assignmentOf, countAssigned, levelName } from "../detector/assignment.ts";
import type { AssignedLevel } from "../detector/assignment.ts";
import type { Detector } from "../detector/detector.ts";
import { assignmentLayer } from "./assignment-layer.ts";
import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";
import type { View } from "./look.ts";
import { objectLayer, objectName } from "./object-layer.ts";
import { colour } from "./palette.ts";
import { columnsHtml, legendHtml, panelHtml, photoUri } from "./panels.ts";
import { table } from "./table.ts";
import type { Column, ReportTable } from "./table.ts";

/** One detector's assignment of a view, under the heading of its column. */
interface Assigned {
  readonly heading: string;
  readonly levels: readonly AssignedLevel[];
}

interface LevelRow extends AssignedLevel {
  readonly heading: string;
}

export interface AssignmentPicture extends Displayable {
  /** Positives per level and object, with the ignored. */
  readonly counts: ReportTable<unknown>;
}

/**
 * Which cells the detectors' own training gives to which object: a column per detector, a row per level, and a table of the
 * counts. Coloured cells are positive, in their object's colour; hatched ones are ignored; the rest is background.
 * @param detectors by the headings of their columns, or a list that is called by the detectors' names
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

function countTable(assigned: readonly Assigned[], { target, names }: View): ReportTable<unknown> {
  const rows = assigned.flatMap(({ heading, levels }) => levels.map((level): LevelRow => ({ heading, ...level })));
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
  const busy = names.filter((name) => assigned.some((one) => at(one, name)?.objects.some((o) => o !== background)));
  const rows = busy.map((name) => assigned.map((one) => {
    const level = at(one, name);
    return level === undefined ? "<div></div>" : levelPanel(level, view, { photo, heading: one.heading });
  }));
  const rest = names.filter((name) => !busy.includes(name));
  const note = rest.length === 0 ? "" : `<div style="font-size:0.85em;opacity:0.85;padding-top:4px">${rest.join(", ")}: background everywhere.</div>`;
  const { "text/html": counted } = await counts[displaySymbol]();
  return `<div style="color:inherit">${columnsHtml(assigned.map(({ heading }) => heading), rows, { maxWidth: 300 })}${note}${legend(view)}${String(counted)}</div>`;
}

function levelPanel(level: AssignedLevel, view: View, { photo, heading }: { photo: string; heading: string }): string {
  const { width, height } = view.photo;
  const { positive, ignored } = countAssigned(level);
  const priors = level.kind === "point" ? "points" : "anchors";
  const skipped = ignored === 0 ? "" : `, ${ignored} ignored`;
  const text = `stride ${level.strideX} px · ${positive} of ${level.objects.length} ${priors}${skipped}`;
  const layer = assignmentLayer(level, (o) => objectName(view.target, o, view.names)) + objectLayer(view.target, view.names);
  return panelHtml({ width, height, photo, layer, label: `${heading}, ${levelName(level.strideX)}: ${text}`, caption: { html: `<b>${levelName(level.strideX)}</b> · ${escapeHtml(text)}` } });
}

function legend({ target, names }: View): string {
  const objects = Array.from(target.labels, (_, o) => [`border-top:0.8em solid ${colour(o)}`, objectName(target, o, names)] as const);
  const hatched = "height:0.8em;background:repeating-linear-gradient(135deg,#777 0 2px,transparent 2px 5px)";
  return legendHtml([...objects, [hatched, "ignored: trains nothing"], ["border:1px solid #777;height:0.7em", "background"]]);
}
