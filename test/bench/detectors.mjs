// R50 RetinaNet and Faster R-CNN beside torchvision's models: training steps and inference, at one thread and at two.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchPython, interleave, ratios } from "./harness.mjs";
import { Worker } from "./worker.mjs";

const tasks = [
  { command: "step", label: "training step", side: 320, batch: 2, tolerance: { retinanet: 1e-4, fasterrcnn: 0.1 } },
  { command: "detect", label: "inference", side: 640, batch: 1, tolerance: { retinanet: 1e-3, fasterrcnn: 1e-2 } },
];
const networks = { retinanet: "RetinaNet R50", fasterrcnn: "Faster R-CNN R50" };

/** Both must compute the same: the first loss (Faster R-CNN's samples are drawn differently), the sum of all scores. */
function compare(here, there, { network, task, log }) {
  log(`  ${networks[network]} ${task.label}: value ${here.value} here, ${there.value} in PyTorch${there.count === undefined ? "" : `; ${here.count} and ${there.count} boxes`}`);
  if (!(Math.abs(here.value - there.value) <= task.tolerance[network] * Math.abs(there.value))) throw new Error(`${networks[network]}, ${task.label}: the networks differ: ${here.value} here, ${there.value} in PyTorch`);
}

async function measureTask({ network, task, threads, python, folder, rounds, log }) {
  const weights = join(folder, `${network}-weights`);
  const size = [String(task.side), String(task.batch)];
  const ours = new Worker(process.execPath, [join(import.meta.dirname, "detectors-worker.mjs"), network, String(threads), ...size], { TF_CPP_MIN_LOG_LEVEL: "3" });
  let theirs;
  try {
    await ours.ask(`weights ${weights}`);
    if (python) {
      theirs = new Worker(python, [join(import.meta.dirname, "detectors.py"), network, weights, String(threads), ...size], { OMP_NUM_THREADS: String(threads) });
      const { torch, torchvision } = await theirs.ask("info");
      log(`  ${networks[network]}, ${task.label}, ${threads} thread${threads > 1 ? "s" : ""}: PyTorch ${torch}, torchvision ${torchvision}`);
    }
    const first = await ours.ask(task.command);
    if (theirs) compare(first, await theirs.ask(task.command), { network, task, log });
    const contestants = [
      { name: "Potstill", measure: () => figures(ours, task) },
      theirs ? { name: "PyTorch", measure: () => figures(theirs, task) } : { name: "PyTorch", problem: "no test Python with torch, torchvision and numpy (Debian: python3-torchvision; set POTSTILL_TEST_PYTHON)" },
    ];
    const place = `${networks[network]}, ${task.label}, ${threads} thread${threads > 1 ? "s" : ""}`;
    return ratios(await interleave(contestants, { rounds, log }), [
      { key: "ms", label: `${place}: ms` },
      { key: "mib", label: `${place}: peak memory of the process, MiB` },
    ]);
  } finally {
    ours.close();
    theirs?.close();
  }
}

async function figures(worker, { command }) {
  const { ms, mib } = await worker.ask(command);
  return { ms, mib };
}

async function run({ rounds, log }) {
  const folder = mkdtempSync(join(tmpdir(), "potstill-bench-"));
  const python = await benchPython(["torch", "torchvision", "numpy"]);
  const rows = [];
  try {
    for (const threads of [1, 2]) for (const network of Object.keys(networks)) for (const task of tasks) rows.push(...(await measureTask({ network, task, threads, python, folder, rounds, log })));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

export const detectors = { title: "detectors beside torchvision: 80 classes; steps at 320² with batch 2, inference at 640² with batch 1 and no score threshold", rounds: 3, run };
