import type { ClaimVerdict, Judgement } from "../papers/judgement.ts";
import { withReasons } from "./reasons.ts";
import type { ReportTable } from "./table.ts";

/** An item's claims, where the paper makes them, their verdicts and why. */
export function claimsTable({ item, claims, note }: Pick<Judgement, "item" | "claims" | "note">): ReportTable<ClaimVerdict> {
  return withReasons<ClaimVerdict>([
    { heading: "claim", value: ({ claim }) => claim.text },
    { heading: "in the paper", value: ({ claim }) => claim.source },
    { heading: "verdict", value: ({ verdict }) => verdict },
  ], claims, { caption: `${item.title}: claims`, note, reason: ({ claim, why }) => ({ of: claim.text.replace(/[.:]$/, ""), why }) });
}
