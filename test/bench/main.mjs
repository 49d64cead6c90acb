// `npm run bench [-- NAME… --rounds N --json FILE]`: measures Potstill beside its peers and prints ratios.
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { build } from "../../cli/build.mjs";
import { detectors } from "./detectors.mjs";
import { dispatch } from "./dispatch.mjs";
import { evaluator } from "./evaluator.mjs";
import { printTable } from "./harness.mjs";
import { kernel } from "./kernel.mjs";
import { methods } from "./methods.mjs";
import { step } from "./step.mjs";

/** A new bench is one file and one line here. */
const benches = { evaluator, kernel, step, dispatch, detectors, methods };

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string" }, json: { type: "string" } } });
const unknown = positionals.filter((name) => !(name in benches));
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (unknown.length > 0 || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))) {
  console.error(unknown.length > 0 ? `No bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}.` : `--rounds is ${values.rounds}; it must be a positive integer.`);
  process.exit(2);
}
try { build(); } catch (error) { console.error(error.message); process.exit(1); }

console.log(`${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`);
const report = {};
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  const { title, rounds: usual, run, print = printTable } = benches[name];
  console.error(`${name}: ${title}`);
  try {
    report[name] = await run({ rounds: rounds ?? usual, log: (text) => console.error(text) });
    print(`${name}: ${title}`, report[name]);
  } catch (error) {
    console.log(`\n${name}: failed: ${error.message}`);
    process.exitCode = 1;
  }
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
