import type { MaxIouOptions } from "../assign/max-iou.ts";
import type { AnchorConfig, HeadConfig, NeckConfig } from "../config.ts";
import { shown } from "./rules.ts";

/** Refuses an option of the detector at hand: what was received (as text) and what is allowed. */
export type Refuse = (option: string, received: string, allowed: string) => never;

/** @throws Error unless the pyramid has levels, and `option` so many entries (`entry`) as these */
export function fitLevels(refuse: Refuse, neck: NeckConfig, { option, count, entry }: { readonly option: string; readonly count: number; readonly entry: string }): void {
  if (neck.last < neck.first) refuse("neck.last", String(neck.last), `a whole number from neck.first (${neck.first}) to 5`);
  const levels = neck.last - neck.first + 1 + neck.extraLevels;
  if (count !== levels) refuse(option, `${count} levels`, `${entry} per level of the pyramid (${levels})`);
}

/** @throws Error unless there are sizes for every level of the pyramid, equally many on each */
export function fitAnchors(refuse: Refuse, neck: NeckConfig, { sizes }: AnchorConfig, option = "anchors"): void {
  fitLevels(refuse, neck, { option: `${option}.sizes`, count: sizes.length, entry: "one list of sizes" });
  if (sizes.some((level) => level.length !== sizes[0].length)) refuse(`${option}.sizes`, shown(sizes), "equally many sizes on every level, as the head is shared");
}

/** @throws Error unless there is one anchor per cell, for every level of the pyramid */
export function fitSingleAnchors(refuse: Refuse, neck: NeckConfig, anchors: AnchorConfig): void {
  const { sizes, ratios } = anchors;
  if (ratios.length !== 1 || sizes.some((level) => level.length !== 1)) refuse("anchors", shown({ sizes, ratios }), "one size per level and one ratio: the head has one prior per cell");
  fitAnchors(refuse, neck, anchors);
}

/** @throws Error unless background begins at or below the positives */
export function fitAssign(refuse: Refuse, { positive, negative }: MaxIouOptions, option = "assign"): void {
  if (negative > positive) refuse(`${option}.negative`, String(negative), `at most ${option}.positive (${positive})`);
}

/** @throws Error unless a GroupNorm's groups divide the channels of the head */
export function fitNorm(refuse: Refuse, { norm, convs }: Pick<HeadConfig, "norm" | "convs">, channels: number, option = "head.norm"): void {
  if (convs === 0 || typeof norm === "string" || norm.kind !== "group") return;
  if (channels % norm.groups !== 0) refuse(option, shown(norm), `a norm whose groups divide the head's ${channels} channels, or "auto"`);
}
