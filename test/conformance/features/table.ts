import { groups } from "./feature.ts";

/** What the comparison found: per feature, per kernel, "yes", "–" or what was wrong. */
export interface Findings {
  /** Name → version. */
  readonly kernels: Readonly<Record<string, string>>;
  readonly features: readonly { readonly group: string; readonly title: string; readonly found: Readonly<Record<string, string>> }[];
}

const cell = (found: string | undefined): string => (found === undefined ? "?" : found === "yes" ? "yes" : found === "–" ? "–" : "**no**");

/** The feature table as Markdown. */
export function table({ kernels, features }: Findings): string {
  const names = Object.keys(kernels);
  const head = [`| | ${names.map((name) => `${name} ${kernels[name]}`).join(" | ")} |`, `|---|${names.map(() => "---").join("|")}|`];
  const rows = groups.flatMap((group) => {
    const members = features.filter((feature) => feature.group === group);
    return [`| **${group}** |${names.map(() => " |").join("")}`, ...members.map(({ title, found }) => `| ${title} | ${names.map((name) => cell(found[name])).join(" | ")} |`)];
  });
  return [...head, ...rows].join("\n");
}

const begin = "<!-- features: written by npm run features -->";
const end = "<!-- /features -->";

/** The text with its table replaced. Throws when the marks are missing. */
export function withTable(text: string, findings: Findings): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The marks ${begin} and ${end} are missing.`);
  return `${text.slice(0, from + begin.length)}\n${table(findings)}\n${text.slice(to)}`;
}
