// `npm run study:label-guided -- --data FOLDER`: has the label-guided side of LGD anything to teach at the mini profile's scale?
// Trains the λ sweep's detector alone and by LGD on four fifths of the training images, and scores on the fifth that is left:
// the student, and the shared head on K_e, which sees the labels of the scored images. Reported images are never read.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { build } from "../../cli/build.mjs";

const { values } = parseArgs({ options: {
  data: { type: "string" }, seeds: { type: "string", default: "1" }, iterations: { type: "string", multiple: true, default: ["200", "500"] }, subject: { type: "string", default: "frcn-r50" },
  variant: { type: "string", multiple: true, default: ["product"] }, runs: { type: "string", default: "runs" }, json: { type: "string" },
} });
if (values.data === undefined) {
  console.error("Say where bccd is: npm run study:label-guided -- --data FOLDER");
  process.exit(2);
}
build();
const { loadBackend } = await import("../../dist/lib/backend/load.js");
const { mean } = await import("../../dist/lib/statistics/mean.js");
const { readSafetensors } = await import("../../dist/lib/detector/weights/safetensors.js");
const { scoreDetector } = await import("../../dist/lib/evaluate/index.js");
const { buildModel, experimentSteps, runPlace } = await import("../../dist/lib/papers/build.js");
const { itemOf } = await import("../../dist/lib/papers/items/index.js");
const { experimentFor, openProfileData, testTransforms } = await import("../../dist/lib/papers/scale/index.js");

/** What is changed of the product's own settings. */
const variants = {
  product: {},
  "not frozen": { frozen: false },
  "faster encoder": { training: { groupFactors: { distill: 3 } } },
  "half the rate": { rate: 0.5 },
  "λ = 4": { lambda: 4 },
  "λ = 16": { lambda: 16 },
  "attached": { options: { detachAppearanceEmbed: false } },
  "detached": { options: { detachAppearanceEmbed: true } },
  "wide encoder": { options: { widths: { point: 64, middle: 128, global: 1024, hidden: [512, 256] } } },
};
const unknown = values.variant.filter((name) => !Object.hasOwn(variants, name));
if (unknown.length > 0) {
  console.error(`--variant ${unknown.join(", ")} is unknown; there are ${Object.keys(variants).join(", ")}`);
  process.exit(2);
}

await loadBackend();
const { rest, tuning } = await openProfileData("mini", values.data);
const settingOf = (row) => itemOf("sssd/table-1").rows.find(({ id }) => id === `${values.subject}-${row}`).setting;
const transforms = testTransforms(settingOf("baseline"), "mini");

/** The product's experiment, its schedule and phases stretched to another length, with a variant's changes. */
function stretched(row, iterations, name) {
  const { frozen = true, training: more = {}, rate = 1, options = {}, lambda } = variants[name];
  const own = experimentFor(settingOf(row), { profile: "mini", train: rest });
  const at = (iteration) => Math.round((iteration * iterations) / own.training.iterations);
  const { frozenUntil, learningRate, ...kept } = own.training;
  const training = {
    ...kept, iterations, learningRate: { ...learningRate, base: rate * learningRate.base, drops: learningRate.drops.map(at) },
    ...(frozen && frozenUntil && { frozenUntil: { backbone: at(frozenUntil.backbone) } }), ...(own.method && more),
  };
  const method = own.method && { ...own.method, options: { ...own.method.options, distillFrom: at(own.method.options.distillFrom), ...options }, ...(lambda && { lambda: [[0, lambda]] }) };
  return { ...own, name: `label-guided/${row}`, training, ...(method && { method }) };
}

/** Sets detector and method from a finished training's checkpoint. */
function restore({ detector, distiller }, folder) {
  const { tensors } = readSafetensors(join(folder, "checkpoint", "state.safetensors"));
  for (const { name, variable } of [...detector.parameters(), ...distiller?.parameters() ?? []]) {
    const { data, shape } = tensors.get(name);
    tf.tidy(() => { variable.assign(tf.tensor(data, shape)); });
  }
}

/** The head on K_e of these images and their labels, as a detector. */
const enhanced = ({ detector, distiller }) => ({
  name: `${detector.name} on K_e`, classes: detector.classes, forward: (images) => images,
  decode: (images, targets) => {
    const seen = detector.forward(images);
    const { maps } = distiller.teacher.enhance(seen.pyramid, targets, seen);
    return detector.decode(detector.predict(maps, { height: seen.height, width: seen.width }), targets);
  },
});

/** Losses of a kind over the last tenth. */
const late = (steps, of) => mean(steps.slice(Math.floor(0.9 * steps.length)).map(({ losses }) => Object.entries(losses).reduce((sum, [name, value]) => sum + (of(name) ? value : 0), 0)));

async function measure(experiment, seed) {
  const place = { dataset: rest, seed, runs: values.runs };
  const steps = [];
  for await (const step of experimentSteps(experiment, place)) steps.push(step);
  const { folder } = await runPlace(experiment, place);
  const model = await buildModel(experiment, place);
  try {
    restore(model, folder);
    const score = async (detector) => 100 * (await scoreDetector(detector, tuning, { transforms, batchSize: 8 })).stats[0];
    const guided = model.distiller !== undefined;
    return {
      AP: await score(model.detector), ...(guided && { enhanced: await score(enhanced(model)) }),
      loss: late(steps, (name) => !/^(teacher\.|distill)/.test(name)), ...(guided && { enhancedLoss: late(steps, (name) => name.startsWith("teacher.")) }),
    };
  } finally {
    model.dispose();
  }
}

const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i);
const report = { subject: values.subject, data: { rest: rest.hash, tuning: tuning.hash, images: [rest.images.length, tuning.images.length] }, rows: [] };
const shown = (list) => (list.some((value) => value === undefined) ? "" : list.map((value) => value.toFixed(1)).join(" "));
console.log(`${values.subject} on bccd: trained on ${rest.images.length} images, scored on ${tuning.images.length} that are not reported\n\n| iterations | variant | AP alone | AP by LGD | AP on K_e | detection loss at the end: alone, by LGD, on K_e |\n|--:|---|--:|--:|--:|---|`);
for (const iterations of values.iterations.map(Number)) {
  for (const name of values.variant) {
    const [alone, guided] = [[], []];
    for (const seed of seeds) {
      alone.push(await measure(stretched("baseline", iterations, name), seed));
      guided.push(await measure(stretched("lgd", iterations, name), seed));
    }
    report.rows.push({ iterations, variant: name, alone, guided });
    const losses = [alone.map(({ loss }) => loss), guided.map(({ loss }) => loss), guided.map(({ enhancedLoss }) => enhancedLoss)].map((list) => mean(list).toFixed(2));
    console.log(`| ${iterations} | ${name} | ${shown(alone.map(({ AP }) => AP))} | ${shown(guided.map(({ AP }) => AP))} | ${shown(guided.map((one) => one.enhanced))} | ${losses.join(", ")} |`);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
  }
}
