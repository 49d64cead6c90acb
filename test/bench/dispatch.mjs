// What one operation costs when there is nothing to compute: an addition of four numbers.
import { join } from "node:path";
import { benchPython, interleave, ratios } from "./harness.mjs";
import { Worker } from "./worker.mjs";

const COUNT = 5000;

async function run({ rounds, log }) {
  const python = await benchPython(["torch", "numpy"]);
  const ours = new Worker(process.execPath, [join(import.meta.dirname, "dispatch-worker.mjs")], { TF_CPP_MIN_LOG_LEVEL: "3" });
  const theirs = python ? new Worker(python, [join(import.meta.dirname, "step.py")], { OMP_NUM_THREADS: "1" }) : undefined;
  try {
    const contestants = [
      { name: "Potstill", measure: () => ours.ask(`dispatch ${COUNT}`) },
      theirs ? { name: "PyTorch", measure: () => theirs.ask(`dispatch ${COUNT}`) } : { name: "PyTorch", problem: "no test Python with torch and numpy (set POTSTILL_TEST_PYTHON)" },
    ];
    return ratios(await interleave(contestants, { rounds, log }), [{ key: "ms", label: "one tiny operation, ms" }]);
  } finally {
    ours.close();
    theirs?.close();
  }
}

export const dispatch = { title: "dispatch of one operation from JavaScript, beside Python", rounds: 5, run };
