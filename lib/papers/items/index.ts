import type { Item, PaperId } from "../item.ts";
import { frsItems } from "./frs.ts";
import { sharedKdItems } from "./shared-kd.ts";
import { sssdItems } from "./sssd.ts";

/** Everything that can be reproduced, in the papers' order. */
export const items: readonly Item[] = [...sssdItems, ...frsItems, ...sharedKdItems];

/** The papers, as `itemsOf` takes them. */
export const papers: readonly PaperId[] = [...new Set(items.map(({ paper }) => paper))];

/** @throws RangeError naming what there is */
export function itemOf(id: string): Item {
  const found = items.find((item) => item.id === id);
  if (found === undefined) throw unknown(id);
  return found;
}

/**
 * The items of a paper, the item of a full name, or without a name all of them.
 * @throws RangeError naming what there is
 */
export function itemsOf(name?: string): readonly Item[] {
  const found = items.filter(({ id, paper }) => name === undefined || id === name || paper === name);
  if (found.length === 0) throw unknown(name!);
  return found;
}

function unknown(name: string): RangeError {
  return new RangeError(`there is no item "${name}"; allowed: ${[...papers, ...items.map(({ id }) => id)].join(", ")}`);
}
