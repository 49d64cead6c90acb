// Makes .cache/test-python with the reference implementations that the tests compare with; for the slow tests .cache/test-jupyter
// with the frontends that they drive, and .cache/test-validators. Without network the tests that need them skip, loudly.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const references = ["numpy>=1.26", "pycocotools==2.0.11", "jupyter_client>=8.6,<9", "ipykernel>=6.29,<8", "nbformat>=5.10,<6", "nbclient>=0.10,<1", "nbconvert>=7.16,<8", "papermill==2.7.0", "jupyter_kernel_test==0.7.0", "pillow>=11", "setuptools>=68", "ipywidgets>=8.1,<9"];
const validators = ["roc-validator==0.13.0", "mlcroissant==1.1.1", "pillow>=11"];
const frontends = ["jupyterlab>=4.4,<5", "ipykernel>=6.29,<8", "ipywidgets>=8.1,<9", "plotly>=6", "jupyter_console>=6.6,<7", "pexpect>=4.9"];

export function setUpPython(root) {
  if (!process.env.POTSTILL_TEST_PYTHON) setUp(join(root, ".cache", "test-python"), references, "the Python reference packages");
}

/** For the slow tests alone: JupyterLab with widgets and Plotly, and jupyter console. */
export function setUpJupyter(root) {
  if (!process.env.POTSTILL_TEST_JUPYTER) setUp(join(root, ".cache", "test-jupyter"), frontends, "JupyterLab and jupyter console");
}

/** For the slow tests alone: what validates run crates and Croissant files. */
export function setUpValidators(root) {
  if (!process.env.POTSTILL_TEST_VALIDATORS) setUp(join(root, ".cache", "test-validators"), validators, "validators of run crates and Croissant files");
}

function setUp(folder, requirements, name) {
  const mark = join(folder, "requirements.txt");
  const wanted = requirements.join("\n");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  process.stderr.write(`potstill tests: installing ${name} into ${join(".cache", basename(folder))} …\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const steps = [["python3", ["-m", "venv", folder]], [join(folder, "bin", "python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements]]];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
    if (status === 0) continue;
    console.warn(`SKIPPED: ${name} could not be installed; tests that need them will skip.\n${stderr ?? ""}`);
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  writeFileSync(`${mark}.tmp`, wanted);
  renameSync(`${mark}.tmp`, mark);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  setUpPython(root);
  if (process.argv.includes("--jupyter")) setUpJupyter(root);
  if (process.argv.includes("--validators")) setUpValidators(root);
}
