// Kernels as Jupyter starts them, all driven by the same client: cold start, cells both repeated and new, memory,
// completion, and many lines of output. `node test/setup-peers.mjs` installs Deno and ijavascript.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchPython, interleave, ratios, root, runChild } from "./harness.mjs";

const lines = 10_000;
const javaScript = {
  completions: ["consol", "console.l", "Math.", 'const text = "a"; text.to', "Arr", "process.", 'import * as fs from "node:f'],
  print: `for (let k = 0; k < ${lines}; k++) console.log(String(k))`,
};
const python = {
  completions: ["prin", "print.__", "str.", 'text = "a"; text.up', "Exc", "dict.", "import os.p"],
  print: `for k in range(${lines}): print(k)`,
};

/** The commands of the kernels' kernelspecs; `Potstill` first, then Potstill as it is with type checking off. */
async function kernels(interpreter) {
  const { kernelJson } = await import("../../dist/kernel/kernelspec/spec.js");
  const { argv } = kernelJson();
  const tslab = join(root, "node_modules", "tslab", "bin", "tslab");
  return [
    { name: "Potstill", argv, ...javaScript },
    { name: "Potstill, types unchecked", argv, env: { POTSTILL_TYPECHECK: "off" }, ...javaScript },
    { name: "tslab", needs: tslab, argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"], ...javaScript },
    ...["Deno", "ijavascript"].map((name) => ({ name, ...installedKernel(name), ...javaScript })),
    { name: "ipykernel", modules: ["ipykernel"], argv: [interpreter, "-m", "ipykernel_launcher", "-f", "{connection_file}"], ...python },
  ];
}

/** A kernel's command in `.cache/peers/kernels.json`: {name: {argv, env?}}. */
function installedKernel(name, file = join(root, ".cache", "peers", "kernels.json")) {
  const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8"))[name] : undefined;
  return known ?? { needs: join(root, ".cache", "peers", name), argv: [] };
}

async function run({ rounds, log }) {
  process.env.POTSTILL_HISTORY ??= "off"; // measuring leaves no cells in the user's own history
  const interpreter = await benchPython(["jupyter_client"]);
  if (!interpreter) throw new Error("the client needs a Python with jupyter_client (set POTSTILL_TEST_PYTHON, or run node test/setup-python.mjs)");
  const contestants = await Promise.all((await kernels(interpreter)).map((kernel) => contestant(interpreter, kernel)));
  const [checked, unchecked, ...peers] = await interleave(contestants, { rounds, log });
  return [...ratios([checked, ...peers], quantities), ...ratios([unchecked, ...peers], quantities.filter(({ key }) => key.endsWith("_ms") || key.endsWith("_mib")).map(({ key, label }) => ({ key, label: `types unchecked: ${label}` })))];
}

async function contestant(interpreter, { name, needs, modules, argv, env = {}, completions, print }) {
  const missing = needs ?? argv.find((part) => part.startsWith("/") && !existsSync(part));
  if (missing && !existsSync(missing)) return { name, problem: `not installed: ${missing} is absent (node test/setup-peers.mjs)` };
  if (modules && !(await benchPython(modules))) return { name, problem: `the test Python lacks ${modules.join(", ")}` };
  const driver = join(import.meta.dirname, "kernel.py");
  let warm = false;
  return { name, measure: async () => {
    // An uncounted start first: Python's and V8's compiled code shall lie on the disk for all, as on any later start.
    if (!warm) await runChild(interpreter, [driver, JSON.stringify({ argv, env, cells: 2, linger_s: 1.5 })], { allowFailure: true });
    warm = true;
    const { stdout } = await runChild(interpreter, [driver, JSON.stringify({ argv, env, rest_s: 3, completions, print, lines })]);
    return JSON.parse(stdout, (_, value) => value ?? NaN);
  } };
}

const quantities = [
  { key: "start_ms", label: "cold start → kernel_info reply, ms" },
  { key: "first_ms", label: "cold start → first `1+1`, ms" },
  { key: "first_cpu_s", label: "processor time until then, s" },
  { key: "repeated_ms", label: "`1+1` again → reply and idle, ms" },
  { key: "distinct_ms", label: "new cell `1+k` → reply and idle, ms" },
  { key: "complete_first_ms", label: "first completion, ms" },
  { key: "complete_ms", label: "completion, median, ms" },
  { key: "lines_ms", label: "10,000 lines → all there and idle, ms" },
  { key: "rss_mib", label: "memory when idle, MiB" },
  { key: "pss_mib", label: "its share of shared pages alone, MiB" },
];

export const kernel = { title: "kernel latency, memory and completion", rounds: 5, run };
