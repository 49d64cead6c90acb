// `potstill evaluate` as a process, beside pycocotools' load and evaluation, on the same files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeEvaluation } from "./evaluator-data.mjs";
import { benchPython, interleave, ratios, root, runChild } from "./harness.mjs";

/** The command line as an installed package runs it, without the check whether the sources were compiled. */
const COMMAND_LINE = `import { main } from ${JSON.stringify(pathToFileURL(join(root, "dist", "cli", "main.js")).href)}; await main(process.argv.slice(1));`;

async function run({ rounds, log }) {
  const folder = mkdtempSync(join(tmpdir(), "potstill-bench-"));
  try {
    await writeEvaluation(folder);
    const [annotations, results] = ["gt.json", "dt.json"].map((name) => join(folder, name));
    const python = await benchPython(["pycocotools"]);
    const stats = new Set();
    const measure = async (command, args) => {
      const { ms, mib, stdout } = await runChild(command, args);
      stats.add(JSON.stringify(JSON.parse(stdout).stats));
      if (stats.size > 1) throw new Error(`the statistics differ: ${[...stats].join(" and ")}`);
      return { seconds: ms / 1000, mib };
    };
    const contestants = [
      { name: "Potstill", measure: () => measure(process.execPath, ["--input-type=module", "-e", COMMAND_LINE, "evaluate", results, "--annotations", annotations, "--json"]) },
      python
        ? { name: "pycocotools", measure: () => measure(python, [join(import.meta.dirname, "evaluator.py"), annotations, results]) }
        : { name: "pycocotools", problem: "the test Python lacks pycocotools (set POTSTILL_TEST_PYTHON, or run node test/setup-python.mjs)" },
    ];
    return ratios(await interleave(contestants, { rounds, log }), [
      { key: "seconds", label: "load + evaluate, process, s" },
      { key: "mib", label: "peak memory, MiB" },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const evaluator = { title: "COCO evaluation of 5,000 images, 36,781 boxes, 500,000 detections", rounds: 3, run };
