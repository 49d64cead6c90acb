import { levelName, priorsOf, type ImageSize } from "../detector/assignment.ts";
import type { Detector } from "../detector/detector.ts";
import { table, type ReportTable } from "./table.ts";

/** What detectors are made of, a line each: parameters, levels, and what they look from in an image of this (padded) size. */
export function detectorTable(detectors: Readonly<Record<string, Detector>>, size: ImageSize): ReportTable<readonly [string, Detector]> {
  return table<readonly [string, Detector]>([
    { heading: "detector", value: ([heading]) => heading, oneLine: true },
    { heading: "name", value: ([, { name }]) => name, oneLine: true },
    { heading: "parameters", unit: "thousands", value: ([, detector]) => detector.parameters().reduce((sum, { variable }) => sum + variable.size, 0) / 1000, decimals: 1 },
    { heading: "classes", value: ([, { classes }]) => classes, decimals: 0 },
    { heading: "levels", value: ([, { strides }]) => `${levelName(strides[0])}–${levelName(strides.at(-1)!)}`, oneLine: true },
    { heading: "strides", unit: "px", value: ([, { strides }]) => strides.join(", "), oneLine: true },
    { heading: "looks from", value: ([, detector]) => looksFrom(detector, size), oneLine: true },
  ], Object.entries(detectors), { note: `On an image of ${size.width} × ${size.height} pixels, padding included.` });
}

function looksFrom(detector: Detector, size: ImageSize): string {
  if (detector.assignment === undefined) return "not told";
  const levels = priorsOf(detector, size);
  const { kind, perCell } = levels[0];
  const total = levels.reduce((sum, { height, width }) => sum + height * width * perCell, 0);
  return `${total} ${kind === "point" ? "points" : "anchors"}, ${perCell} per cell`;
}
