// A training step of RetinaNet-R50-FPN beside the same network in PyTorch: the same first weights and data, one thread.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchPython, interleave, ratios } from "./harness.mjs";
import { Worker } from "./worker.mjs";

/** Both must compute the same: every loss so far within 1e-4. The later ones tell that the updates agree, too. */
function compareLosses({ ours, theirs }, log) {
  const pairs = theirs.map((loss, i) => [ours[i], loss]).filter(([here]) => here !== undefined);
  for (const [i, [here, there]] of pairs.entries()) {
    if (!(Math.abs(here - there) <= 1e-4 * Math.abs(there))) throw new Error(`the networks differ: loss ${i + 1} is ${here} here and ${there} in PyTorch`);
  }
  if (pairs.length > 0) log(`  loss ${pairs.length}: Potstill ${pairs.at(-1)[0]}, PyTorch ${pairs.at(-1)[1]}`);
}

async function run({ rounds, log }) {
  const folder = mkdtempSync(join(tmpdir(), "potstill-bench-"));
  const weights = join(folder, "weights");
  const ours = new Worker(process.execPath, [join(import.meta.dirname, "step-worker.mjs")], { TF_CPP_MIN_LOG_LEVEL: "3" });
  let theirs;
  try {
    const { info } = await ours.ask(`weights ${weights}`);
    log(`  ${info.name} ${info.tensorflowVersion}, ${info.threads} thread, oneDNN ${info.oneDnn ? "on" : "off"}`);
    const python = await benchPython(["torch", "numpy"]);
    if (python) theirs = new Worker(python, [join(import.meta.dirname, "step.py"), weights], { OMP_NUM_THREADS: "1" });
    const losses = { ours: [], theirs: [] };
    const measure = async (worker, name) => {
      const { ms, mib, loss } = await worker.ask("step");
      losses[name].push(loss);
      return { ms, mib, rate: 2000 / ms };
    };
    await measure(ours, "ours"); // warms up, and gives the first loss
    if (theirs) await measure(theirs, "theirs");
    compareLosses(losses, log);
    const contestants = [
      { name: "Potstill", measure: () => measure(ours, "ours") },
      theirs ? { name: "PyTorch", measure: () => measure(theirs, "theirs") } : { name: "PyTorch", problem: "no test Python with torch and numpy (set POTSTILL_TEST_PYTHON)" },
    ];
    const results = await interleave(contestants, { rounds, log });
    compareLosses(losses, log);
    return ratios(results, [
      { key: "rate", label: "images/s", higherIsBetter: true },
      { key: "mib", label: "peak memory of the process, MiB" },
    ]);
  } finally {
    ours.close();
    theirs?.close();
    rmSync(folder, { recursive: true });
  }
}

export const step = { title: "training step, RetinaNet-R50-FPN, 80 classes, batch 2, 320², one thread, stem and stage 1 frozen", rounds: 5, run };
