import type { Target } from "../data/batch.ts";
import { atssThresholds, type AtssOptions } from "../detector/assign/atss.ts";
import { ignored } from "../detector/assign/max-iou.ts";
import type { AssignedLevel } from "../detector/assignment.ts";
import { boxOverlaps, rowsOf } from "../tensor/boxes.ts";

export interface RegionOptions extends AtssOptions {
  /** Part γ of the positives' threshold from which an anchor's DIoU is valuable. */
  readonly gamma: number;
}

/** Anchors by their position among all of an image. */
export interface Regions {
  /** The positives, and the level of each. */
  readonly main: { readonly priors: readonly number[]; readonly levels: readonly number[] };
  /** The valuable localisation region, and the greatest IoU of each of its anchors with an object that it is valuable for. */
  readonly valuable: { readonly priors: readonly number[]; readonly overlaps: readonly number[] };
}

/**
 * Where LD distils of one image (Zheng et al. 2022, algorithm 1): the main region are the anchors that the assignment makes
 * positive; the valuable localisation region are those with γ·t ≤ DIoU < t for an object, t being ATSS's threshold for it.
 * An anchor can be in both. Ignored anchors are in none.
 */
export function ldRegions(levels: readonly AssignedLevel[], { boxes }: Pick<Target, "boxes">, { gamma, candidates }: RegionOptions): Regions {
  const main = { priors: [] as number[], levels: [] as number[] };
  const inside: number[] = [];
  const counts = levels.map(({ objects }) => objects.reduce((n, o) => n + Number(o !== ignored), 0));
  let start = 0;
  for (const [l, { objects }] of levels.entries()) {
    for (const [p, o] of objects.entries()) {
      if (o !== ignored) inside.push(start + p);
      if (o >= 0) {
        main.priors.push(start + p);
        main.levels.push(l);
      }
    }
    start += objects.length;
  }
  const all = Float64Array.from(levels.flatMap(({ coordinates }) => Array.from(coordinates)));
  return { main, valuable: valuableAnchors(rowsOf(all, inside), inside, { objects: withArea(boxes), counts, gamma, candidates }) };
}

function valuableAnchors(anchors: Float64Array, positions: readonly number[], { objects, counts, gamma, candidates }: RegionOptions & { readonly objects: readonly number[]; readonly counts: readonly number[] }): Regions["valuable"] {
  const best = new Float64Array(positions.length).fill(-1);
  for (const [o, threshold] of atssThresholds(anchors, objects, { counts, candidates }).entries()) {
    const object = objects.slice(4 * o, 4 * o + 4);
    const distances = boxOverlaps(anchors, object, { kind: "diou", epsilon: 1e-6 });
    const overlaps = boxOverlaps(anchors, object, { epsilon: 1e-6 });
    for (let a = 0; a < best.length; a++) if (distances[a] >= gamma * threshold && distances[a] < threshold) best[a] = Math.max(best[a], overlaps[a]);
  }
  const found = positions.map((_, a) => a).filter((a) => best[a] > 0);
  return { priors: found.map((a) => positions[a]), overlaps: found.map((a) => best[a]) };
}

/** Boxes that have an area, as the assignment takes them. */
function withArea(boxes: Float32Array): number[] {
  const corners = Array.from({ length: boxes.length / 4 }, (_, o) => Array.from(boxes.subarray(4 * o, 4 * o + 4)));
  return corners.filter(([x1, y1, x2, y2]) => x2 > x1 && y2 > y1).flat();
}
