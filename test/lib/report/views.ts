import { JSDOM } from "jsdom";
import type { Detections, Detector } from "../../../lib/detector/detector.ts";
import type { AssignedLevel } from "../../../lib/detector/assignment.ts";
import { displaySymbol } from "../../../lib/report/html.ts";
import type { Displayable } from "../../../lib/report/html.ts";
import type { Look } from "../../../lib/report/look.ts";

/** A view of 40 × 24 pixels in a batch of 48 × 32, with two objects, and what a detector could make of it. */
export function smallLook(changes: Partial<Look> = {}): Look {
  const [width, height] = [40, 24];
  const target = { image: 0, imageId: 1, boxes: Float32Array.of(4, 4, 20, 20, 24, 8, 40, 24), labels: Int32Array.of(1, 0), width, height, scaleX: 1, scaleY: 1, flipped: false };
  const detections: Detections = { boxes: Float32Array.of(5, 5, 21, 21, 0, 0, 9, 9), scores: Float32Array.of(0.9, 0.2), labels: Int32Array.of(1, 0) };
  return {
    photo: { data: new Uint8Array(3 * width * height).fill(90), width, height }, target, detections,
    size: { width: 48, height: 32 }, name: "a&b.png", names: ["cell", "<plate>"], detector: "probe",
    pyramid: [{ stride: 8, height: 4, width: 6, values: Float32Array.from({ length: 24 }, (_, i) => i) }],
    ...changes,
  };
}

/** A detector that tells this assignment and nothing else. */
export function telling(name: string, levels: readonly AssignedLevel[]): Detector {
  return { name, predict: () => { throw new Error("not asked for"); }, assignment: () => levels } as unknown as Detector;
}

/** One level of 2 × 1 cells at stride 16 with two square anchors each, or one point each. */
export function twoCells(kind: "box" | "point", objects: readonly number[]): AssignedLevel {
  const boxes = [0, 16].flatMap((x) => [8, 24].flatMap((side) => [x + 8 - side / 2, 8 - side / 2, x + 8 + side / 2, 8 + side / 2]));
  return {
    height: 1, width: 2, strideY: 16, strideX: 16, perCell: kind === "box" ? 2 : 1, kind,
    coordinates: Float64Array.from(kind === "box" ? boxes : [8, 8, 24, 8]), objects: Int32Array.from(objects),
  };
}

export async function shown(picture: Displayable) {
  const bundle = await picture[displaySymbol]();
  const html = bundle["text/html"] as string;
  return { html, text: bundle["text/plain"] as string, document: new JSDOM(html).window.document };
}
