// `npm run study:methods -- --data FOLDER`: trains a tiny RetinaNet (GFL for LD) with every method on bccd, three seeds,
// beside the same training without it, and writes the table. Finished runs are kept and not trained again. With `--share S` each
// method is also trained at the λ at which its losses in the first run's early part (15–25 %) would have had that share.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../../cli/build.mjs";

const { values } = parseArgs({ options: {
  data: { type: "string" }, seeds: { type: "string", default: "3" }, iterations: { type: "string", default: "200" }, teacher: { type: "string", default: "600" },
  runs: { type: "string", default: "runs" }, method: { type: "string", multiple: true }, json: { type: "string" }, share: { type: "string" },
} });
if (values.data === undefined) {
  console.error("Say where bccd is: npm run study:methods -- --data FOLDER (with instances_train.json, instances_val.json and images)");
  process.exit(2);
}
build();
const { loadBackend } = await import("../../dist/lib/backend/load.js");
const { deviation: sampleDeviation, mean } = await import("../../dist/lib/statistics/mean.js");
const { openCoco } = await import("../../dist/lib/data/index.js");
const { scoreDetector } = await import("../../dist/lib/evaluate/index.js");
const { distillers } = await import("../../dist/lib/distill/index.js");
const { experimentSteps, runPlace } = await import("../../dist/lib/papers/build.js");
const { oneRunEstimate } = await import("../../dist/lib/calibrate/share.js");
const { needsTeacher } = await import("../../dist/lib/papers/method.js");
const { buildTeacher } = await import("../../dist/lib/papers/teacher.js");

const iterations = Number(values.iterations);
const transforms = { flip: 0.5, padTo: 32, normalise: "simple" };
const [dataset, validation] = await Promise.all(["train", "val"].map((split) => openCoco(join(values.data), { annotations: join(values.data, `instances_${split}.json`) })));
const { device, threads } = await loadBackend();

/** Levels /8, /16, /32 with two square anchors per cell, 2.5 and 3.75 strides wide: cells of blood are 40 to 120 pixels. */
const detector = (kind, width) => ({
  kind, preset: "tiny", channels: 32, backbone: { name: `tiny-${width}` }, neck: { first: 3, last: 5 },
  ...(kind === "retinanet" && { anchors: { sizes: [8, 16, 32].map((stride) => [2.5 * stride, 3.75 * stride]) } }),
});
const training = (length, batchSize) => ({
  data: { transforms, batchSize },
  training: { iterations: length, optimiser: "adamw", learningRate: { base: 0.004, warmup: 30, drops: [Math.round(0.7 * length)] }, weightDecay: 1e-4, clipNorm: 10 },
});
const teacher = (kind) => ({ name: `methods/teacher-${kind}`, detector: detector(kind, 24), ...training(Number(values.teacher), 8) });
const plain = (kind) => ({ name: `methods/plain-${kind}`, detector: detector(kind, 8), ...training(iterations, 4) });
/** LabelEnc's first step; in its own schedule the distance counts after a quarter of the training. */
const own = { labelEnc: { step: 1, distanceFrom: Math.round(iterations / 4) } };
/** Methods whose λ is not 1 where none is said. */
const ownLambda = { sssd: 75 };
/** Networks without pre-trained weights are meant here. */
const taught = (name, kind, lambda) => ({
  ...plain(kind), name: `methods/${name}`, method: { name, ...(own[name] && { options: own[name] }), ...(lambda && { lambda: [[0, lambda]] }) },
  ...(needsTeacher(name) && { teacher: { run: { experiment: teacher(kind), seed: 100 } }, allow: ["randomBackbone"] }),
});

const options = (seed) => ({ dataset, seed, runs: values.runs, keepWeights: true });
const folderOf = async (experiment, seed) => (await runPlace(experiment, { dataset, seed, runs: values.runs })).folder;

async function train(experiment, seed) {
  const steps = [];
  for await (const step of experimentSteps(experiment, options(seed))) steps.push(step);
  return steps;
}

async function score(experiment, seed) {
  const { detector: trained } = await buildTeacher({ run: { experiment, seed } }, { dataset, transforms, folderOf });
  try {
    return (await scoreDetector(trained, validation, { transforms: { padTo: 32, normalise: "simple" }, batchSize: 8 })).stats[0];
  } finally {
    trained.dispose();
  }
}

const deviation = (list) => (list.length < 2 ? 0 : sampleDeviation(list));

const part = (steps, from, to) => steps.slice(Math.floor(from * steps.length), Math.ceil(to * steps.length));

/** λ · distillation, averaged over a part of the steps. */
function term(steps, from, to) {
  return mean(part(steps, from, to).map(({ weighted }) => Object.entries(weighted).reduce((sum, [name, value]) => sum + (/^distill/.test(name) ? value : 0), 0)));
}

/** The method's runs of all seeds, at its published weights or times λ. */
async function measure(name, kind, lambda) {
  const row = { kind, ...(lambda && { lambda }), ap: [], first: [], last: [], share: [] };
  try {
    for (const seed of seeds) {
      const steps = await train(taught(name, kind, lambda), seed);
      const early = part(steps, 0.15, 0.25); // after warm-ups and ramps
      row.first.push(term(steps, 0.15, 0.25));
      row.last.push(term(steps, 0.9, 1));
      row.share.push(mean(early.map(({ distillShare }) => distillShare)));
      row.ap.push(await score(taught(name, kind, lambda), seed));
      if (lambda === undefined && wanted !== undefined) row.lambdaForShare ??= (ownLambda[name] ?? 1) * oneRunEstimate(early.map((step) => ({ ...step, lambda: 1 })), wanted);
    }
  } catch (error) {
    row.problem = error.message;
  }
  return row;
}

const kindOf = (name) => (name === "ld" ? "gfl" : "retinanet");
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i);
const wanted = values.share === undefined ? undefined : Number(values.share);
const names = values.method ?? Object.keys(distillers);
const report = { data: { train: dataset.hash, validation: validation.hash, images: [dataset.images.length, validation.images.length] }, device, threads, iterations, seeds: seeds.length, teachers: {}, plain: {}, methods: {} };
for (const kind of new Set(names.map(kindOf))) {
  await train(teacher(kind), 100);
  report.teachers[kind] = await score(teacher(kind), 100);
  report.plain[kind] = [];
  for (const seed of seeds) {
    await train(plain(kind), seed);
    report.plain[kind].push(await score(plain(kind), seed));
  }
  console.error(`${kind}: teacher ${report.teachers[kind].toFixed(3)}, plain ${report.plain[kind].map((ap) => ap.toFixed(3)).join(" ")}`);
}
for (const name of names) {
  const kind = kindOf(name);
  const published = await measure(name, kind);
  report.methods[name] = published;
  console.error(`${name}: ${published.problem ?? published.ap.map((ap) => ap.toFixed(3)).join(" ")}`);
  if (published.lambdaForShare === undefined) continue;
  const lambda = Number(published.lambdaForShare.toPrecision(2));
  const shared = (report.methods[`${name}, λ = ${lambda}`] = await measure(name, kind, lambda));
  console.error(`${name}, λ = ${lambda}: ${shared.problem ?? shared.ap.map((ap) => ap.toFixed(3)).join(" ")}`);
}

console.log(`AP of a student of ${iterations} iterations on ${validation.images.length} images of bccd, ${seeds.length} paired seeds; teachers ${Object.entries(report.teachers).map(([kind, ap]) => `${kind} ${ap.toFixed(3)}`).join(", ")}\n`);
console.log("| method | share at 15–25 % | λ·L there | at 90–100 % | AP, mean ± sd | paired Δ AP, mean ± sd | |\n|---|--:|--:|--:|--:|--:|---|");
for (const [kind, ap] of Object.entries(report.plain)) console.log(`| none (${kind}) | | | | ${mean(ap).toFixed(3)} ± ${deviation(ap).toFixed(3)} | | |`);
for (const [name, { kind, ap, first, last, share, problem }] of Object.entries(report.methods)) {
  if (problem !== undefined) {
    console.log(`| ${name} | | | | not measured | | ${problem.split("\n")[0]} |`);
    continue;
  }
  const gains = ap.map((value, i) => value - report.plain[kind][i]);
  const error = deviation(gains) / Math.sqrt(gains.length);
  const verdict = mean(gains) > 2 * error ? "better" : mean(gains) < -2 * error ? "worse" : "within noise";
  console.log(`| ${name} | ${(100 * mean(share)).toFixed(0)} % | ${mean(first).toPrecision(3)} | ${mean(last).toPrecision(3)} | ${mean(ap).toFixed(3)} ± ${deviation(ap).toFixed(3)} | ${mean(gains) < 0 ? "−" : "+"}${Math.abs(mean(gains)).toFixed(3)} ± ${deviation(gains).toFixed(3)} | ${verdict} |`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
