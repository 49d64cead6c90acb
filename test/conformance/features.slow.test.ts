// The same questions to all kernels that are installed. With POTSTILL_FEATURES=write the answers become the table of
// kernel/README.md; otherwise they are compared with the recorded ones, and differences of peers are told. With
// POTSTILL_FEATURES_ONLY=EXPRESSION only features whose titles match are asked again.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { own, peers } from "./features/contestants.ts";
import type { Contestant } from "./features/feature.ts";
import { features, verdict } from "./features/index.ts";
import { withTable } from "./features/table.ts";
import type { Findings } from "./features/table.ts";

const recorded = join(import.meta.dirname, "features", "findings.json");
const readme = join(import.meta.dirname, "..", "..", "kernel", "README.md");
const contestants: readonly Contestant[] = [own(), ...peers()];

function replace(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

/** Two attempts: a loss that depends on the machine's load shall not decide for or against anybody. */
async function ask(feature: (typeof features)[number], contestant: Contestant): Promise<string> {
  let answer = "";
  for (let attempt = 0; attempt < 2 && answer !== "yes" && answer !== "–"; attempt++) answer = await verdict(feature, contestant).catch((error: Error) => error.message);
  return answer;
}

async function findings(): Promise<Findings> {
  const rows: Findings["features"][number][] = [];
  const only = new RegExp(process.env.POTSTILL_FEATURES_ONLY ?? "");
  const known = JSON.parse(readFileSync(recorded, "utf8")) as Findings;
  for (const feature of features) {
    const before = known.features.find(({ title }) => title === feature.title);
    if (before && !only.test(feature.title)) { rows.push(before); continue; }
    const answers = await Promise.all(contestants.map(async (contestant) => [contestant.name, await ask(feature, contestant)] as const));
    const found = Object.fromEntries(answers);
    console.log(`${feature.title}: ${JSON.stringify(found)}`);
    rows.push({ group: feature.group, title: feature.title, found });
  }
  return { kernels: Object.fromEntries(contestants.map(({ name, version }) => [name, version])), features: rows };
}

it("asks all kernels", { timeout: 3_600_000 }, async () => {
  const now = await findings();
  if (process.env.POTSTILL_FEATURES === "write") {
    replace(recorded, `${JSON.stringify(now, null, 1)}\n`);
    replace(readme, withTable(readFileSync(readme, "utf8"), now));
  }
  const before = JSON.parse(readFileSync(recorded, "utf8")) as Findings;
  const said = (all: Findings, title: string, name: string) => all.features.find((feature) => feature.title === title)?.found[name];
  for (const { name } of contestants) {
    for (const { title } of features) {
      const [old, fresh] = [said(before, title, name), said(now, title, name)];
      if (name === "Potstill") expect.soft(fresh, title).toBe("yes");
      else if ((old === "yes") !== (fresh === "yes")) console.warn(`${name} differs from the table: ${title}: ${fresh}`);
    }
  }
});
