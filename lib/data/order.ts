import { random } from "../tensor/random.ts";
import type { Dataset } from "./dataset.ts";

/** One place of a batch: an image, and the epoch it is taken in. */
export interface Place {
  /** Position in `Dataset.images`. */
  readonly index: number;
  readonly epoch: number;
}

export interface OrderOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Default true. */
  readonly shuffle?: boolean;
}

/** Positions of the images to train on; `dropEmpty` leaves out those without a box that trains. */
export function trainable(dataset: Dataset, dropEmpty = false): number[] {
  const all = dataset.images.map((_image, index) => index);
  const kept = dropEmpty ? all.filter((index) => dataset.annotations(index).some((a) => !a.crowd)) : all;
  if (kept.length === 0) throw new RangeError(`${dataset.name}: no image has an annotation to train on`);
  return kept;
}

/**
 * The composition of every training batch as a pure function of (seed, iteration): epochs follow each other without a
 * gap, each in an order of its own, and iteration i takes places i·B to i·B + B − 1. A killed run needs no cursor.
 * @returns a function that remembers the two latest epochs' orders
 */
export function batchOrder(indices: readonly number[], { batchSize, seed, shuffle = true }: OrderOptions): (iteration: number) => Place[] {
  const orders = new Map<number, readonly number[]>();
  const order = (epoch: number): readonly number[] => {
    if (!shuffle) return indices;
    let found = orders.get(epoch);
    if (found === undefined) {
      found = random(seed, "order", epoch).shuffle(indices);
      orders.delete([...orders.keys()].find((known) => Math.abs(known - epoch) > 1) ?? -1);
      orders.set(epoch, found);
    }
    return found;
  };
  return (iteration) => Array.from({ length: batchSize }, (_, k) => {
    const place = iteration * batchSize + k;
    const epoch = Math.floor(place / indices.length);
    return { epoch, index: order(epoch)[place % indices.length] };
  });
}
