import * as tf from "@tensorflow/tfjs-core";

interface Tally {
  multiplyAdds: number;
}

let active: Tally | undefined;

/**
 * Counts the multiply-adds of the convolutions and matrix products that `f` runs. Convolutions are not carried out: they
 * answer zeros of the right shape, so that a network's cost at full size is known within a moment.
 */
export function countMultiplyAdds(f: () => void): number {
  const before = active;
  const tally: Tally = { multiplyAdds: 0 };
  active = tally;
  try {
    tf.tidy(() => {
      f();
    });
  } finally {
    active = before;
  }
  return tally.multiplyAdds;
}

/** Adds to the count that is going on, if any, and says whether one is. */
export function tally(multiplyAdds: number): boolean {
  if (active === undefined) return false;
  active.multiplyAdds += multiplyAdds;
  return true;
}
