import { basename, join } from "node:path";
import type { Profile } from "../../lib/papers/sssd.ts";

/** What a report is of, beside the items. */
export interface Reported {
  readonly profile: Profile;
  readonly data: string;
  /** Ids of rows; absent: all. */
  readonly rows?: readonly string[];
  /** Absent: the profile's. */
  readonly iterations?: number;
}

/**
 * Where a report goes when nobody says where. What is cut short has a folder of its own: a quick look never takes the place of
 * the whole.
 * @param names papers or items, as asked for; none: all
 */
export function defaultOutput(names: readonly string[], { profile, data, rows, iterations }: Reported): string {
  const cut = [...(rows === undefined ? [] : ["some-rows"]), ...(iterations === undefined ? [] : [`${iterations}-iterations`])];
  return join("artefacts", ...itemsFolder(names), [profile, basename(data), ...cut].join("-"));
}

/** Of all: none; of one: its name's parts; of several: their names in one. */
function itemsFolder(names: readonly string[]): readonly string[] {
  return names.length > 1 ? [names.map((name) => name.replace("/", "-")).join("+")] : names.flatMap((name) => name.split("/"));
}
