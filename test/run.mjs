// `npm test`: builds, prepares what the tests use (TensorFlow runtime, a small Python environment), runs vitest.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../cli/build.mjs";
import { setUpJupyter, setUpPython } from "./setup-python.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const slow = process.argv.includes("--slow");
const run = (command, args, env = {}) => spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } }).status ?? 1;

try { build(); } catch (error) { console.error(error.message); process.exit(1); }
if (run(process.execPath, [join(root, "cli", "potstill.mjs"), "setup"]) !== 0) process.exit(1);
setUpPython(root);
if (slow) setUpJupyter(root);
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const rest = process.argv.slice(2).filter((argument) => argument !== "--slow");
process.exit(run(process.execPath, [vitest, "run", ...rest], slow ? { POTSTILL_SLOW_TESTS: "1" } : {}));
