import type { Displayable } from "../../report/html.ts";
import type { Item } from "../item.ts";
import { note } from "./note.ts";
import { disclaimer } from "./setting.ts";
import type { Profile } from "../sssd.ts";

interface Judged {
  readonly item: Pick<Item, "changes">;
  readonly profile: Profile;
  readonly seeds: readonly number[];
}

/** What would change the verdict, sentence by sentence; at small profiles first of all the scale. */
export function showChanges({ item, profile, seeds }: Judged): Displayable {
  const own = profile === "paper" ? [] : [`The scale: ${disclaimer(profile)}`];
  const few = seeds.length < 5 ? [`More seeds: with ${seeds.length} there is ${seeds.length === 1 ? "no interval at all" : "only a coarse interval"}.`] : [];
  return note([...item.changes, ...own, ...few].map((line) => `- ${line}`).join("\n"));
}
