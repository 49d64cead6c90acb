// `npm test`: builds, prepares what the tests use (TensorFlow runtime, a small Python environment, packages), runs vitest.
// `npm run test:slow` prepares and runs more; `npm run features` asks all kernels and writes the feature table.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../cli/build.mjs";
import { peerNodes, setUpPeers } from "./setup-peers.mjs";
import { setUpJupyter, setUpPython, setUpValidators } from "./setup-python.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const features = process.argv.includes("--features");
const slow = features || process.argv.includes("--slow");
const run = (command, args, env = {}) => spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } }).status ?? 1;

try { build(); } catch (error) { console.error(error.message); process.exit(1); }
if (run(process.execPath, [join(root, "cli", "potstill.mjs"), "setup"]) !== 0) process.exit(1);
setUpPython(root);
setUpPeers(root, { kernels: slow });
if (slow && !features) {
  setUpJupyter(root);
  setUpValidators(root);
}
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const rest = features ? ["test/conformance/features.slow.test.ts"] : process.argv.slice(2).filter((argument) => argument !== "--slow");
const settings = {
  ...(slow ? { POTSTILL_SLOW_TESTS: "1", POTSTILL_TEST_NODES: process.env.POTSTILL_TEST_NODES ?? peerNodes(root).join(":") } : {}),
  ...(features ? { POTSTILL_FEATURES: "write" } : {}),
};
process.exit(run(process.execPath, [vitest, "run", ...rest], settings));
