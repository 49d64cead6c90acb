// Joins the kernel's many modules into a few files a thread: loading a hundred small ones takes longer than all else that
// happens before a kernel answers. Run by build.mjs, after the compiler: node cli/bundle.mjs PROJECT
import { existsSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { rolldown } from "rolldown";

/** What runs in one thread is bundled together, so that a module exists once in it. Paths in `kernel/`, without ending. */
const threads = [
  ["main", "language/interpreter", "notebook-api", "comm/index", "widgets/index", "widgets/control", "tslab/index"],
  ["server/wire"],
  ["server/signal-watch"],
  ["language/service/worker"],
];

/** Replaces the compiled entry points of the threads in `dist/kernel` by bundles with the same names and exports. */
async function bundle(root) {
  const source = join(root, "kernel");
  if (!existsSync(join(source, "main.ts"))) return;
  for (const names of threads) {
    const built = await rolldown({
      input: Object.fromEntries(names.map((name) => [name, join(source, `${name}.ts`)])),
      platform: "node",
      tsconfig: false,
      external: (id) => !/^\.{0,2}\//.test(id) && !id.startsWith(source),
      plugins: [keepPlaces(source)],
      onLog: (level, log, report) => { if (level === "warn") throw new Error(log.message); report(level, log); },
    });
    const chunk = `${names[0].replaceAll("/", "-")}.[name].js`;
    await built.write({ dir: join(root, "dist", "kernel"), format: "esm", entryFileNames: "[name].js", chunkFileNames: `chunks/${chunk}`, keepNames: false });
    await built.close();
  }
}

/** Lets `import.meta` of every module mean the place that its own compiled file has, wherever the bundler puts it. */
function keepPlaces(source) {
  const placed = (id) => relative(source, id).split(sep).join("/").replace(/\.ts$/, ".js");
  return {
    name: "keep-places",
    transform: (code, id) => code.includes("import.meta.") ? { code: code.replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, part) => `__place__("${placed(id)}", "${part}")`), map: null } : null,
    renderChunk: (code, { fileName }) => code.includes("__place__(") ? { code: withPlaces(code, dirname(fileName)), map: null } : null,
  };
}

function withPlaces(code, folder) {
  const places = { url: "href", filename: "filename", dirname: "dirname" };
  const located = code.replace(/__place__\("([^"]+)", "(\w+)"\)/g, (_, module, part) => `__place.${places[part]}(${JSON.stringify(posix.relative(folder, module))}, import.meta.url)`);
  return `import { dirname as __dirname, } from "node:path"; import { fileURLToPath as __toPath } from "node:url";
const __place = { href: (to, from) => new URL(to, from).href, filename: (to, from) => __toPath(new URL(to, from)), dirname: (to, from) => __dirname(__toPath(new URL(to, from))) };
${located}`;
}

await bundle(process.argv[2]);
