import { itemOf } from "../papers/items/index.ts";
import type { Item } from "../papers/item.ts";
import type { RowResult } from "../papers/row-result.ts";
import type { SearchOptions, SearchResult } from "./search.ts";
import type { Probe } from "./search.ts";
import { meanShare } from "./share.ts";
import { collect, type CalibrationStudy } from "./study.ts";

/** One seed's answer. */
export interface SeedResult {
  readonly seed: number;
  /** LGD's mean share at λ = 1. */
  readonly target: number;
  readonly search: SearchResult;
  /** The secant's probes; the last one is its answer. */
  readonly secant: readonly Probe[];
}

export interface FoundOptions extends Pick<Partial<SearchOptions>, "tolerance" | "interval"> {
  /** The first. Default 0. */
  readonly seed?: number;
  /** Default 1. */
  readonly seeds?: number;
}

/**
 * What the calibration's notebook has found, seed by seed.
 * @param study read only, so that nothing is trained
 * @throws TargetOutsideError and NonMonotoneError as the search does; Error for a training that the notebook has not left
 */
export async function searchedSeeds(study: CalibrationStudy, { seed: first = 0, seeds = 1, ...search }: FoundOptions = {}): Promise<Omit<SeedResult, "secant">[]> {
  const found: Omit<SeedResult, "secant">[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const target = meanShare(await collect(study.observe(study.setting.channels, seed)));
    found.push({ seed, target, search: (await collect(study.search(target, seed, search))).at(-1)!.result! });
  }
  return found;
}

/** The item whose rows the search answers. */
export const calibration: Item = itemOf("sssd/calibration");

/** What the search has found as rows of `sssd/calibration`. */
export function searchRows(results: readonly Omit<SeedResult, "secant">[]): RowResult[] {
  return calibration.rows.flatMap((row) => results.map(({ seed, target, search: { share, lambda } }): RowResult => ({
    row, seed, metrics: row.probe === "target" ? { share: target } : { share, lambda },
  })));
}

/** Every row without numbers, and why. */
export function unsearched(problem: string, { seed: first = 0, seeds = 1 }: Pick<FoundOptions, "seed" | "seeds"> = {}): RowResult[] {
  return calibration.rows.flatMap((row) => Array.from({ length: seeds }, (_, i) => ({ row, seed: first + i, problem })));
}
