// `npm run shares [-- --data FOLDER --iterations N --seed N --experiment FILE]`: the share of each method's loss at its published weights.
// Without an experiment of its own: RetinaNet (GFL for LD, whose boxes are distributions) with tiny networks, whose teachers are
// trained first (kept in runs/).
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "../cli/build.mjs";

const { values } = parseArgs({ options: { data: { type: "string", default: "synthetic" }, iterations: { type: "string", default: "30" }, seed: { type: "string", default: "0" }, runs: { type: "string", default: "runs" }, experiment: { type: "string" } } });
const iterations = Number(values.iterations), seed = Number(values.seed);
if (!Number.isSafeInteger(iterations) || iterations < 1 || !Number.isSafeInteger(seed) || seed < 0) {
  console.error(`--iterations is ${values.iterations} and --seed ${values.seed}; they must be whole numbers, from 1 and from 0.`);
  process.exit(2);
}
build();
const { methodShares, openCocoFolder, showMethodShares, syntheticScenes, tinyStudy } = await import("../dist/lib/index.js");
const { experimentOf } = await import("../dist/lib/papers/config.js");
const { experimentSteps } = await import("../dist/lib/papers/build.js");
const { methodNames } = await import("../dist/lib/papers/method.js");

const dataset = values.data === "synthetic" ? syntheticScenes({ images: 400, size: 96, seed: 1 }) : (await openCocoFolder(values.data)).train;
const options = { dataset, seed, runs: values.runs };
const rows = [];

async function add(study, methods) {
  const { run } = study.teacher ?? {};
  if (typeof run === "object") for await (const { iteration, total } of experimentSteps(run.experiment, { ...options, seed: run.seed ?? 0 })) if (iteration % 50 === 0) console.error(`${run.experiment.name} ${iteration}: ${total.toFixed(3)}`);
  for await (const row of methodShares({ ...study, training: { ...study.training, iterations } }, { ...options, methods })) {
    rows.push(row);
    console.error(row.method, row.refused ?? row.share.toFixed(3));
  }
}

if (values.experiment) {
  await add(experimentOf(JSON.parse(readFileSync(values.experiment, "utf8")), { dataset, name: "shares" }), methodNames);
} else {
  await add(tinyStudy(iterations), methodNames.filter((name) => name !== "ld"));
  await add(tinyStudy(iterations, "gfl"), ["ld"]);
}
console.log(String(showMethodShares(rows, `Mean of the first ${iterations} iterations on ${dataset.name}, seed ${seed}; tiny networks prove the pipeline, they are no reproduction.`)));
