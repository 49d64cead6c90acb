// Kernels as Jupyter starts them, all driven by the same client: cold start, and cells both repeated and new.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { benchPython, interleave, ratios, root, runChild } from "./harness.mjs";

/** The commands of the kernels' kernelspecs. */
async function kernels(python) {
  const { kernelJson } = await import("../../dist/kernel/kernelspec/spec.js");
  const tslab = join(root, "node_modules", "tslab", "bin", "tslab");
  return [
    { name: "Potstill", argv: kernelJson().argv },
    { name: "tslab", needs: tslab, argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"] },
    { name: "ipykernel", modules: ["ipykernel"], argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"] },
  ];
}

async function run({ rounds, log }) {
  const python = await benchPython(["jupyter_client"]);
  if (!python) throw new Error("the client needs a Python with jupyter_client (set POTSTILL_TEST_PYTHON, or run node test/setup-python.mjs)");
  const driver = join(import.meta.dirname, "kernel.py");
  const contestants = await Promise.all((await kernels(python)).map(async ({ name, needs, modules, argv }) => {
    if (needs && !existsSync(needs)) return { name, problem: `${needs} is absent` };
    if (modules && !(await benchPython(modules))) return { name, problem: `the test Python lacks ${modules.join(", ")}` };
    let warm = false;
    return { name, measure: async () => {
      // An uncounted start first: Python's and V8's compiled code shall lie on the disk for all, as on any later start.
      if (!warm) await runChild(python, [driver, JSON.stringify({ argv, cells: 2, linger_s: 1.5 })], { allowFailure: true });
      warm = true;
      const { stdout } = await runChild(python, [driver, JSON.stringify({ argv })]);
      return JSON.parse(stdout, (_, value) => value ?? NaN);
    } };
  }));
  return ratios(await interleave(contestants, { rounds, log }), [
    { key: "start_ms", label: "cold start → kernel_info reply, ms" },
    { key: "first_ms", label: "cold start → first `1+1`, ms" },
    { key: "first_cpu_s", label: "processor time until then, s" },
    { key: "repeated_ms", label: "`1+1` again → reply and idle, ms" },
    { key: "distinct_ms", label: "new cell `1+k` → reply and idle, ms" },
  ]);
}

export const kernel = { title: "kernel latency", rounds: 5, run };
