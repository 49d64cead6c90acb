import { basename, join } from "node:path";
import type { Profile } from "../../lib/papers/sssd.ts";

/** What a report is of, beside the items. */
export interface Reported {
  readonly profile: Profile;
  readonly data: string;
  /** First seed, and how many. Default 0 and 1. */
  readonly seed?: number;
  readonly seeds?: number;
  /** Ids of rows; absent: all. */
  readonly rows?: readonly string[];
  /** Absent: the profile's. */
  readonly iterations?: number;
}

/**
 * Where a report goes when nobody says where. Other seeds, and what is cut short, have a folder of their own: a quick look
 * takes the place of nothing.
 * @param names papers or items, as asked for; none: all
 */
export function defaultOutput(names: readonly string[], { profile, data, seed = 0, seeds = 1, rows, iterations }: Reported): string {
  const cut = [...(seeds === 1 ? [] : [`${seeds}-seeds`]), ...(seed === 0 ? [] : [`from-seed-${seed}`]), ...(rows === undefined ? [] : ["some-rows"]), ...(iterations === undefined ? [] : [`${iterations}-iterations`])];
  return join("artefacts", ...itemsFolder(names), [profile, basename(data), ...cut].join("-"));
}

/** Of all: none; of one: its name's parts; of several: their names in one. */
function itemsFolder(names: readonly string[]): readonly string[] {
  return names.length > 1 ? [names.map((name) => name.replace("/", "-")).join("+")] : names.flatMap((name) => name.split("/"));
}
