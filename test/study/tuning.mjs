// `npm run study:tuning -- --data FOLDER`: the mini profile's learning rate, and FRS's weights at its 32 channels, on images that
// are not reported. Trains RetinaNet alone and under FRS's teacher on four fifths of the training images and scores on the fifth
// that is left. Finished trainings and scores are kept and not done again; a stopped study goes on where it was.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "../../cli/build.mjs";

const { values } = parseArgs({ options: {
  data: { type: "string" }, seeds: { type: "string", default: "2" }, rate: { type: "string", multiple: true, default: ["0.002", "0.004", "0.008"] },
  weights: { type: "string", multiple: true, default: ["0.01:0.3", "0.03:0.3", "0.1:0.3", "0.03:0"] }, iterations: { type: "string" }, runs: { type: "string", default: "runs" }, json: { type: "string" },
} });
const [rates, weights, count] = [values.rate.map(Number), values.weights.map((pair) => pair.split(":").map(Number)), Number(values.seeds)];
const sound = Number.isSafeInteger(count) && count > 0 && rates.every((rate) => rate > 0) && weights.every((pair) => pair.length === 2 && pair.every((weight) => weight >= 0));
if (values.data === undefined || !sound) {
  console.error("Say on what: npm run study:tuning -- --data FOLDER (COCO format) [--seeds 2] [--rate 0.004] [--weights α:β] [--iterations N: for a look, never for a choice]");
  process.exit(2);
}
build();
const { loadBackend } = await import("../../dist/lib/backend/load.js");
const { mean } = await import("../../dist/lib/statistics/mean.js");
const { experimentSteps, runPlace } = await import("../../dist/lib/papers/build.js");
const { itemOf } = await import("../../dist/lib/papers/items/index.js");
const { experimentFor, openProfileData, testTransforms } = await import("../../dist/lib/papers/scale/index.js");
const { cachedScores, keepScores, scoresOf } = await import("../../dist/lib/papers/score-cache.js");
const { openTrained } = await import("../../dist/lib/papers/trained.js");

const profile = "mini";
const environment = await loadBackend();
const { rest, tuning } = await openProfileData(profile, values.data);
const settingOf = (row) => itemOf("frs/table-3").rows.find(({ id }) => id === row).setting;
const experimentOf = (row) => experimentFor(settingOf(row), { profile, train: rest, ...(values.iterations && { iterations: Number(values.iterations) }) });
const [alone, taught] = [experimentOf("student"), experimentOf("both")];
const seeds = Array.from({ length: count }, (_, i) => i);

const atRate = (rate) => ({ ...alone, name: `tuning/alone-${rate}`, training: { ...alone.training, learningRate: { ...alone.training.learningRate, base: rate } } });
const weighted = ([feature, head]) => ({ ...taught, name: `tuning/frs-${feature}-${head}`, method: { ...taught.method, options: { ...taught.method.options, feature, head } } });
const own = { rate: alone.training.learningRate.base, feature: taught.method.options.feature, head: taught.method.options.head };

/** AP on the images held out for tuning of a training on the others; of what was done before, as it was kept. */
async function measure(experiment, seed) {
  const place = { dataset: rest, seed, runs: values.runs };
  const { folder } = await runPlace(experiment, place);
  const conventions = { validation: tuning, of: "boxes", transforms: testTransforms(settingOf("student"), profile) };
  const kept = cachedScores(folder, conventions);
  if (kept !== undefined) return kept.AP;
  for await (const { iteration, iterations } of experimentSteps(experiment, place)) {
    if (process.stderr.isTTY) process.stderr.write(`\r${experiment.name}, seed ${seed}: ${iteration + 1}/${iterations}${iteration + 1 === iterations ? "\n" : ""}`);
  }
  const { detector } = await openTrained(folder, { dataset: tuning });
  try {
    const scores = await scoresOf(detector, conventions);
    keepScores(folder, conventions, scores);
    return scores.AP;
  } finally {
    detector.dispose();
  }
}

async function overSeeds(experiment) {
  const list = [];
  for (const seed of seeds) {
    list.push(await measure(experiment, seed));
    console.error(`${experiment.name}, seed ${seed}: AP ${list.at(-1)?.toFixed(1)}`);
  }
  return list;
}

const report = {
  profile, data: { rest: rest.hash, tuning: tuning.hash, images: [rest.images.length, tuning.images.length] }, device: environment.device, threads: environment.threads, seeds,
  iterations: { student: alone.training.iterations, teacher: taught.teacher.run.experiment.training.iterations }, own, rows: [],
};
report.teacher = await measure(taught.teacher.run.experiment, taught.teacher.run.seed);
console.error(`teacher, seed ${taught.teacher.run.seed}: AP ${report.teacher?.toFixed(1)}`);
for (const rate of rates) report.rows.push({ rate, isOwn: rate === own.rate, AP: await overSeeds(atRate(rate)) });
for (const [feature, head] of weights) report.rows.push({ rate: own.rate, feature, head, isOwn: feature === own.feature && head === own.head, AP: await overSeeds(weighted([feature, head])) });

const title = `RetinaNet on ${rest.name}: ${rest.images.length} images, ${report.iterations.student} iterations; scored on ${tuning.images.length} that are not reported; teacher (${report.iterations.teacher} iterations, seed ${taught.teacher.run.seed}): AP ${report.teacher?.toFixed(1)}`;
console.log(`${title}\n\n| student | rate | ${seeds.map((seed) => `seed ${seed}`).join(" | ")} | mean | the profile's |\n|---|--:|${seeds.map(() => "--:|").join("")}--:|---|`);
for (const { rate, feature, head, isOwn, AP } of report.rows) {
  console.log(`| ${feature === undefined ? "alone" : `FRS, α ${feature}, β ${head}`} | ${rate} | ${AP.map((value) => value.toFixed(1)).join(" | ")} | ${mean(AP).toFixed(1)} | ${isOwn ? "**yes**" : ""} |`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
