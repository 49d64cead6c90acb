// What each distillation method adds to a training step: beside the plain step, and beside plain step and teacher together.
import { median, format } from "./harness.mjs";
import { Worker } from "./worker.mjs";

const [side, batch, threads] = [320, 2, 1];

async function measure(method, { rounds, plain, log }) {
  const worker = new Worker(process.execPath, [new URL("methods-worker.mjs", import.meta.url).pathname, method, String(threads), String(side), String(batch)], { TF_CPP_MIN_LOG_LEVEL: "3" });
  try {
    // Memory first: what other steps hold must not count. The first step of a kind makes buffers and compiles kernels.
    const first = [await worker.ask("step"), await worker.ask("step"), await worker.ask("step")];
    if (first.some(({ value }) => !Number.isFinite(value))) throw new Error(`a loss of ${first.map(({ value }) => value).join(", ")}`);
    const { mib, leaked } = first[2];
    if (leaked !== 0) throw new Error(`a step leaves ${leaked} tensors`);
    await worker.ask("plain");
    const { needsTeacher } = await import("../../dist/lib/papers/method.js");
    const taught = method !== "plain" && needsTeacher(method);
    if (taught) await worker.ask("teacher");
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      const own = (await worker.ask("step")).ms;
      const bare = (await worker.ask("plain")).ms;
      const teacher = taught ? (await worker.ask("teacher")).ms : 0;
      samples.push({ own, bare, both: bare + teacher });
    }
    const row = { method, ms: median(samples.map(({ own }) => own)), plain: median(samples.map(({ own, bare }) => own / bare)), both: median(samples.map(({ own, both }) => own / both)), mib, memory: plain === undefined ? 1 : mib / plain };
    log(`  ${method}: ${format(row.ms)} ms, ${format(row.plain)} × plain, ${format(mib)} MiB`);
    return row;
  } catch (error) {
    log(`  ${method}: ${error.message}`);
    return { method, problem: error.message };
  } finally {
    worker.close();
  }
}

async function run({ rounds, log }) {
  const { distillers } = await import("../../dist/lib/distill/index.js");
  const first = await measure("plain", { rounds, log });
  const rows = [first];
  for (const method of Object.keys(distillers)) rows.push(await measure(method, { rounds, plain: first.mib, log }));
  return rows;
}

/** A table for reading and for the README. */
function print(title, rows) {
  console.log(`\n${title}\n`);
  console.log("| method | step, ms | ÷ plain step | ÷ (plain step + teacher forward) | peak memory, MiB | ÷ plain |");
  console.log("|---|--:|--:|--:|--:|--:|");
  for (const { method, ms, plain, both, mib, memory, problem } of rows) {
    console.log(problem ? `| ${method} | not measured: ${problem.split("\n")[0]} | | | | |` : `| ${method} | ${format(ms)} | ${plain.toFixed(2)} | ${both.toFixed(2)} | ${format(mib)} | ${memory.toFixed(2)} |`);
  }
}

export const methods = { title: `distillation methods: RetinaNet R101 teaches R50 (LD: GFL), ${side}² pixels, batch ${batch}, ${threads} thread; LGD, SSSD, Tf-FD and LabelEnc have no separate teacher`, rounds: 3, run, print };
