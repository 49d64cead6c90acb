import type { Random } from "../../tensor/random.ts";
import { background } from "./max-iou.ts";

export interface SamplingOptions {
  /** Entries to draw per image. */
  readonly count: number;
  /** At most ⌊count · fraction⌋ of them positive; negatives fill the rest. */
  readonly positiveFraction: number;
}

export interface Sampled {
  /** Ascending indices of drawn positives. */
  readonly positives: Int32Array;
  /** Ascending indices of drawn negatives. */
  readonly negatives: Int32Array;
}

/**
 * Draws from an assignment (Ren et al. 2015, "Faster R-CNN", section 3.1.3): positives up to their share, negatives for the
 * rest, ignored ones never. Where there are no more candidates than places all are taken and nothing is drawn.
 * @param assignment per entry an object's index, `background` or `ignored`
 * @param stream makes the random numbers, when they are needed
 */
export function sampleAssignment(assignment: Int32Array, { count, positiveFraction }: SamplingOptions, stream: () => Random): Sampled {
  const [positive, negative] = [indicesOf(assignment, (value) => value >= 0), indicesOf(assignment, (value) => value === background)];
  const places = Math.min(positive.length, Math.floor(count * positiveFraction));
  const rest = Math.min(negative.length, count - places);
  if (places === positive.length && rest === negative.length) return { positives: positive, negatives: negative };
  const draws = stream();
  return { positives: choose(positive, places, draws), negatives: choose(negative, rest, draws) };
}

function indicesOf(assignment: Int32Array, wanted: (value: number) => boolean): Int32Array {
  const all = new Int32Array(assignment.length);
  let n = 0;
  for (let i = 0; i < assignment.length; i++) if (wanted(assignment[i])) all[n++] = i;
  return all.slice(0, n);
}

/** `places` of the items, each set of them equally likely, ascending. */
function choose(items: Int32Array, places: number, draws: Random): Int32Array {
  if (places === items.length) return items;
  for (let i = 0; i < places; i++) {
    const j = i + draws.integer(items.length - i);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items.slice(0, places).sort();
}
