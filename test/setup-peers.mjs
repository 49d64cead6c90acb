// Makes .cache/peers: packages whose values the kernel shows (for `npm test`) and, for benches, the feature table and slow
// tests, other kernels and other versions of Node. Nothing of it is needed to use Potstill.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const node = `node-${process.platform}-${process.arch}`;

/** Packages of which notebooks show values. */
const shown = {
  "@observablehq/plot": "0.6.17",
  "apache-arrow": "21.2.0",
  arquero: "8.0.3",
  chalk: "5.6.2",
  "cli-progress": "3.12.0",
  linkedom: "0.18.12",
  "nodejs-polars": "0.26.1",
  [`nodejs-polars-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`]: "0.26.1",
  react: "19.3.1",
  "react-dom": "19.3.1",
  vega: "6.4.0",
  "vega-lite": "6.5.0",
  "vega-lite-api": "6.0.0",
};

/** Exact versions: results name them. ijavascript's ZeroMQ has no build for Node later than 18. */
const kernelsAndNodes = {
  deno: "2.9.6",
  ijavascript: "5.2.1",
  node18: `npm:${node}@18.20.8`,
  node20: `npm:${node}@20.20.2`,
  node22: `npm:${node}@22.23.3`,
  node24: `npm:${node}@24.21.0`,
};

/** The kernels' commands as their kernelspecs have them. */
function kernels(folder) {
  const deno = join(folder, "node_modules", "@deno", `${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`, "deno");
  const modules = join(folder, "node_modules");
  return {
    Deno: { version: kernelsAndNodes.deno, argv: [deno, "jupyter", "--kernel", "--conn", "{connection_file}"] },
    ijavascript: { version: kernelsAndNodes.ijavascript, argv: [join(modules, "node18", "bin", "node"), join(modules, "ijavascript", "lib", "kernel.js"), "--protocol=5.1", "{connection_file}"] },
  };
}

function installed(mark) {
  return existsSync(mark) ? JSON.parse(readFileSync(mark, "utf8")) : {};
}

/** Installs what is missing, whole or not at all; without network it says so loudly. */
export function setUpPeers(root, { kernels: withKernels = false } = {}) {
  const folder = join(root, ".cache", "peers");
  const mark = join(folder, "installed.json");
  const present = installed(mark);
  const keeps = withKernels || "deno" in present;
  const dependencies = { ...shown, ...(keeps ? kernelsAndNodes : {}) };
  if (JSON.stringify(present) === JSON.stringify(dependencies)) return;
  process.stderr.write(`potstill tests: installing ${keeps ? "peer kernels, other Node versions and " : ""}packages with values to show into .cache/peers …\n`);
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const overrides = { "@uwdata/flechette": "2.2.6" };
  writeFileSync(join(fresh, "package.json"), JSON.stringify({ name: "potstill-peers", private: true, dependencies, overrides }));
  const { status, stderr } = spawnSync("npm", ["install", "--ignore-scripts", "--engine-strict=false", "--no-fund", "--no-audit", "--no-package-lock"], { cwd: fresh, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) {
    console.warn(`SKIPPED: packages that tests compare with could not be installed; what needs them will skip.\n${stderr ?? ""}`);
    return rmSync(fresh, { recursive: true, force: true });
  }
  if (keeps) writeFileSync(join(fresh, "kernels.json"), JSON.stringify(kernels(folder), null, 2));
  writeFileSync(join(fresh, "installed.json"), JSON.stringify(dependencies));
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

/** The other versions of Node, for tests that ask all of them. */
export function peerNodes(root) {
  return ["node20", "node22", "node24"].map((name) => join(root, ".cache", "peers", "node_modules", name, "bin", "node")).filter((path) => existsSync(path));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  setUpPeers(dirname(dirname(fileURLToPath(import.meta.url))), { kernels: process.argv.includes("--kernels") });
}
