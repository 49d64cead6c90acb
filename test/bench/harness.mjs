// Side-by-side measuring: contestants run in turn, round after round, and are compared as ratios within each round, so
// that whatever else the machine does hits both.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";

export const root = join(import.meta.dirname, "..", "..");

/** The Python of the tests when it has the modules, else undefined. */
export async function benchPython(modules) {
  const candidates = [process.env.POTSTILL_TEST_PYTHON, join(root, ".cache", "test-python", "bin", "python")];
  for (const path of candidates) {
    if (!path || !existsSync(path)) continue;
    const { code } = await runChild(path, ["-c", modules.map((name) => `import ${name}`).join("\n")], { allowFailure: true });
    if (code === 0) return path;
  }
  return undefined;
}

/**
 * Runs a process to its end: wall milliseconds, peak resident MiB (Linux; NaN elsewhere) and its stdout.
 * Throws with stderr when it fails, unless `allowFailure`.
 */
export function runChild(command, args, { env = {}, input, allowFailure = false } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    let mib = NaN;
    const watch = setInterval(() => { mib = peakMemory(child.pid) ?? mib; }, 10);
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => { output[name] += text; });
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(watch);
      const ms = performance.now() - start;
      if (code !== 0 && !allowFailure) reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output.stderr.slice(-2000)}`));
      else resolve({ code, ms, mib, ...output });
    });
    child.stdin.end(input ?? "");
  });
}

function peakMemory(pid) {
  try {
    const line = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line ? Number(line[1]) / 1024 : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Measures contestants in turn. Each `measure()` gives an object of numbers (the same names for all); the order turns
 * round each round. A contestant that fails or is absent is noted, and the others go on.
 * @returns {Promise<{name: string, samples: object[], problem?: string}[]>}
 */
export async function interleave(contestants, { rounds, log }) {
  const results = contestants.map(({ name, problem }) => ({ name, samples: [], problem }));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants.keys() : [...contestants.keys()].reverse();
    for (const i of order) {
      if (results[i].problem) continue;
      try {
        const sample = await contestants[i].measure();
        results[i].samples.push(sample);
        log(`  round ${round + 1}/${rounds} ${contestants[i].name}: ${Object.entries(sample).map(([key, value]) => `${key} ${format(value)}`).join(", ")}`);
      } catch (error) {
        results[i].problem = error.message;
      }
    }
  }
  return results;
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2 ? sorted[(sorted.length - 1) / 2] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
};

/** Three significant digits. */
export const format = (value) => (Number.isFinite(value) ? (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))) : "–");

const spread = (values) => (values.length === 1 ? format(values[0]) : `${format(median(values))} [${format(Math.min(...values))}–${format(Math.max(...values))}]`);

/**
 * Rows of a table of ratios: for each quantity and peer, Potstill's value, the peer's, and peer ÷ Potstill (or
 * Potstill ÷ peer where `higherIsBetter`), paired by round; above 1 Potstill is better.
 */
export function ratios(results, quantities) {
  const [ours, ...peers] = results;
  return quantities.flatMap(({ key, label, higherIsBetter = false }) => peers.map((peer) => {
    const rounds = Math.min(ours.samples.length, peer.samples.length);
    const row = { quantity: label, peer: peer.name, ours: "–", theirs: "–", ratio: "not measured" };
    if (ours.samples.length > 0) row.ours = spread(ours.samples.map((sample) => sample[key]));
    if (rounds === 0) return { ...row, note: ours.problem ?? peer.problem ?? "no rounds" };
    const pairs = Array.from({ length: rounds }, (_, i) => [ours.samples[i][key], peer.samples[i][key]]);
    const ratio = spread(pairs.map(([here, there]) => (higherIsBetter ? here / there : there / here)));
    return { ...row, theirs: spread(pairs.map(([, there]) => there)), ratio };
  }));
}

/** Prints rows as an aligned table. */
export function printTable(title, rows, { print = console.log } = {}) {
  const headings = { quantity: "quantity", ours: "Potstill", peer: "peer", theirs: "peer's value", ratio: "times better than the peer" };
  const columns = Object.keys(headings);
  const widths = columns.map((name) => Math.max(...[headings, ...rows].map((row) => [...row[name]].length)));
  const line = (row) => columns.map((name, i) => row[name] + " ".repeat(widths[i] - [...row[name]].length)).join("  ").trimEnd();
  print(`\n${title}`);
  for (const row of [headings, ...rows]) print(`  ${line(row)}`);
  for (const { peer, note } of rows.filter((row, i) => row.note && rows.findIndex(({ note }) => note === row.note) === i)) print(`  ${peer}: not measured: ${note.split("\n").slice(0, 6).join("\n    ")}`);
}
