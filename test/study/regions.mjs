// `npm run study:regions -- --data FOLDER`: FRS Table 4's regions under several teachers, each of another seed, students paired
// by seed. `--data synthetic --profile smoke` does it on scenes, `--look-alikes 0` on scenes without anything that is mistaken
// for an object. Finished trainings are kept and not done again; a stopped study goes on where it was.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "../../cli/build.mjs";

const { values } = parseArgs({ options: {
  data: { type: "string" }, profile: { type: "string", default: "mini" }, seeds: { type: "string", default: "5" }, teachers: { type: "string", default: "0,1,2" },
  "look-alikes": { type: "string" }, runs: { type: "string", default: "runs" }, json: { type: "string" }, help: { type: "boolean" },
} });
if (values.help) {
  console.log("npm run study:regions -- --data FOLDER|synthetic [--profile mini] [--seeds 5] [--teachers 0,1,2] [--look-alikes 0] [--runs runs] [--json FILE]");
  process.exit(0);
}
if (values.data === undefined || (values["look-alikes"] !== undefined && values.data !== "synthetic")) {
  console.error("Say on what: npm run study:regions -- --data FOLDER (COCO format), or --data synthetic --profile smoke [--look-alikes 0]");
  process.exit(2);
}
build();
const { loadBackend } = await import("../../dist/lib/backend/load.js");
const { mean } = await import("../../dist/lib/statistics/mean.js");
const { studentInterval } = await import("../../dist/lib/statistics/student.js");
const { loadedCode } = await import("../../dist/lib/provenance/record.js");
const { codeOf } = await import("../../dist/lib/report/site/index.js");
const { cached, syntheticScenes } = await import("../../dist/lib/data/index.js");
const { itemOf } = await import("../../dist/lib/papers/items/index.js");
const { smokeScenes } = await import("../../dist/lib/papers/scale/data.js");
const { experimentFor, openProfileData, testTransforms } = await import("../../dist/lib/papers/scale/index.js");
const { studyOf } = await import("../../dist/lib/papers/study.js");

const { profile, runs } = values;
const [seeds, teachers] = [Array.from({ length: Number(values.seeds) }, (_, i) => i), values.teachers.split(",").map(Number)];
const environment = await loadBackend();

async function openPlace() {
  if (values["look-alikes"] === undefined) return openProfileData(profile, values.data);
  const { images, ...options } = smokeScenes;
  const count = Number(values["look-alikes"]);
  const scenes = (split) => cached(syntheticScenes({ ...options, distractors: [count, count], images: images[split], split }));
  return { train: scenes("train"), validation: scenes("val") };
}

const { train, validation } = await openPlace();
const [regions, modules] = [itemOf("frs/regions"), itemOf("frs/table-3")];
const item = { ...regions, rows: [...regions.rows.filter(({ measure }) => measure === undefined), { ...modules.rows.find(({ id }) => id === "fpn"), group: "Table 4" }] };
const methods = item.rows.filter(({ role }) => role === "method").map(({ id }) => id);

/** AP of every row by seed, under a teacher of this seed; of the teacher its own. */
async function under(teacherSeed) {
  const study = studyOf({
    item, profile, seeds, environment, place: { train, validation, runs }, rows: ["student", ...methods],
    experimentFor: (setting) => experimentFor(setting, { profile, train, teacherSeed }),
    transformsFor: (setting) => testTransforms(setting, profile),
    differences: () => [],
  });
  for await (const { done, total, label, result, problem } of study.run()) {
    if (problem !== undefined) console.error(`${label}: ${problem}`);
    else if (result !== undefined) console.error(`${done}/${total} teacher ${teacherSeed}, ${result.row.id}, seed ${result.seed}: AP ${result.metrics?.AP?.toFixed(1)}`);
  }
  const results = await study.results();
  return Object.fromEntries(["student", ...methods].map((id) => [id, seeds.map((seed) => results.find((one) => one.row.id === id && one.seed === seed)?.metrics?.AP ?? null)]));
}

/** The teachers' own scores: rows of the item at their seeds. */
async function scoresOfTeachers() {
  return Promise.all(teachers.map(async (seed) => {
    const study = studyOf({
      item, profile, seeds: [seed], environment, place: { train, validation, runs }, rows: ["teacher"],
      experimentFor: (setting) => experimentFor(setting, { profile, train }), transformsFor: (setting) => testTransforms(setting, profile), differences: () => [],
    });
    for await (const { problem } of study.run()) if (problem !== undefined) console.error(problem);
    return (await study.results()).find(({ row }) => row.id === "teacher")?.metrics?.AP ?? null;
  }));
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
function withInterval(list) {
  if (list.length === 0) return "–";
  const interval = studentInterval(list, 0.95);
  return `${signed(mean(list))}${interval === undefined ? "" : ` [${interval.map(signed).join(", ")}]`}`;
}
const paired = (one, other) => one.flatMap((value, i) => (value === null || other[i] === null ? [] : [value - other[i]]));

const report = { profile, code: codeOf(await loadedCode()), data: { train: { name: train.name, hash: train.hash }, validation: { name: validation.name, hash: validation.hash } }, device: environment.device, threads: environment.threads, seeds, teachers: {} };
for (const seed of teachers) report.teachers[seed] = await under(seed);
const own = await scoresOfTeachers();

console.log(`FRS by regions, ${profile} profile on ${train.name}, scored on ${validation.name}; ${seeds.length} paired seeds under each teacher; mean paired difference in AP with its 95 % interval over seeds\n`);
console.log("| teacher (its AP) | alone | compared with | " + methods.join(" | ") + " |\n|---|--:|---|" + methods.map(() => "--:|").join(""));
teachers.forEach((seed, t) => {
  const rows = report.teachers[seed];
  report.teachers[seed] = { AP: own[t], rows };
  for (const base of ["student", "tp"]) console.log(`| ${base === "student" ? `seed ${seed} (${own[t]?.toFixed(1) ?? "–"})` : ""} | ${base === "student" ? mean(rows.student.filter((v) => v !== null)).toFixed(1) : ""} | ${base} | ${methods.map((id) => withInterval(paired(rows[id], rows[base]))).join(" | ")} |`);
});
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
