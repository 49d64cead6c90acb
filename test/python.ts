import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const checked = new Map<string, boolean>();

function imports(python: string, modules: readonly string[]): boolean {
  const key = [python, ...modules].join("\0");
  const known = checked.get(key);
  if (known !== undefined) return known;
  const result = spawnSync(python, ["-c", modules.map((name) => `import ${name}`).join("\n")], { encoding: "utf8" });
  checked.set(key, result.status === 0);
  return result.status === 0;
}

/**
 * The Python that has the given modules, or undefined after a loud note.
 * Looked for in `POTSTILL_TEST_PYTHON`, then in the environment that `npm test` makes under `.cache/test-python`.
 */
export function testPython(modules: readonly string[]): string | undefined {
  const candidates = [process.env.POTSTILL_TEST_PYTHON, join(root, ".cache", "test-python", "bin", "python")];
  const found = candidates.find((path) => path !== undefined && existsSync(path) && imports(path, modules));
  if (found === undefined) console.warn(`SKIPPED: no test Python with ${modules.join(", ")} (set POTSTILL_TEST_PYTHON, or run node test/setup-python.mjs)`);
  return found;
}

/**
 * The Python that has JupyterLab and its kin, or undefined after a loud note.
 * Looked for in `POTSTILL_TEST_JUPYTER`, then in the environment that `npm run test:slow` makes under `.cache/test-jupyter`.
 */
export function jupyterPython(modules: readonly string[]): string | undefined {
  const candidates = [process.env.POTSTILL_TEST_JUPYTER, join(root, ".cache", "test-jupyter", "bin", "python")];
  const found = candidates.find((path) => path !== undefined && existsSync(path) && imports(path, modules));
  if (found === undefined) console.warn(`SKIPPED: no Python with ${modules.join(", ")} (set POTSTILL_TEST_JUPYTER, or run node test/setup-python.mjs --jupyter)`);
  return found;
}

/**
 * The Python that has validators of metadata, or undefined after a loud note.
 * Looked for in `POTSTILL_TEST_VALIDATORS`, then in the environment that `npm run test:slow` makes under `.cache/test-validators`.
 */
export function validatorPython(modules: readonly string[]): string | undefined {
  const candidates = [process.env.POTSTILL_TEST_VALIDATORS, join(root, ".cache", "test-validators", "bin", "python")];
  const found = candidates.find((path) => path !== undefined && existsSync(path) && imports(path, modules));
  if (found === undefined) console.warn(`SKIPPED: no Python with ${modules.join(", ")} (set POTSTILL_TEST_VALIDATORS, or run node test/setup-python.mjs --validators)`);
  return found;
}
