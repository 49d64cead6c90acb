// Makes .cache/peers: the kernels that benches and the feature table compare with, other Node versions, and packages
// whose values the kernel shows. Nothing of it is needed to use Potstill or to run `npm test`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const node = `node-${process.platform}-${process.arch}`;

/** Exact versions: results name them. ijavascript's ZeroMQ has no build for Node later than 18. */
const packages = {
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
    Deno: { version: packages.deno, argv: [deno, "jupyter", "--kernel", "--conn", "{connection_file}"] },
    ijavascript: { version: packages.ijavascript, argv: [join(modules, "node18", "bin", "node"), join(modules, "ijavascript", "lib", "kernel.js"), "--protocol=5.1", "{connection_file}"] },
  };
}

/** Installs what is missing; returns the folder, or undefined (after a loud note) without network. */
export function setUpPeers(root) {
  const folder = join(root, ".cache", "peers");
  const mark = join(folder, "installed.json");
  const wanted = JSON.stringify(packages);
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return folder;
  process.stderr.write("potstill tests: installing peer kernels and other Node versions into .cache/peers …\n");
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, "package.json"), JSON.stringify({ name: "potstill-peers", private: true, dependencies: packages }));
  const { status, stderr } = spawnSync("npm", ["install", "--ignore-scripts", "--no-fund", "--no-audit", "--no-package-lock"], { cwd: fresh, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) {
    console.warn(`SKIPPED: the peers could not be installed; what needs them will skip.\n${stderr ?? ""}`);
    rmSync(fresh, { recursive: true, force: true });
    return undefined;
  }
  writeFileSync(join(fresh, "kernels.json"), JSON.stringify(kernels(folder), null, 2));
  writeFileSync(join(fresh, "installed.json"), wanted);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return folder;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) setUpPeers(dirname(dirname(fileURLToPath(import.meta.url))));
