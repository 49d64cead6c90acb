// Joins the kernel's many modules into a few files a thread: loading a hundred small ones takes longer than all else that
// happens before a kernel answers. Run by build.mjs, after the compiler: node cli/bundle.mjs PROJECT
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { rolldown } from "rolldown";

/** What runs in one thread is bundled together, so that a module exists once in it. Paths in `kernel/`, without ending. */
const threads = [
  ["main", "language/interpreter", "notebook-api", "comm/index", "widgets/index", "widgets/control", "tslab/index"],
  ["server/wire"],
  ["server/signal-watch"],
  ["language/service/worker"],
];

const month = 30 * 24 * 3600 * 1000;

/** A thread that runs CommonJS need not start Node's loader of ES modules, which takes as long as the bundle itself. */
const commonJs = new Set(["server/wire"]);

/** Writes bundles with the names and exports of the threads' entry points to `dist/kernel`. */
async function bundle(root) {
  const source = join(root, "kernel");
  if (!existsSync(join(source, "main.ts"))) return;
  const written = new Set();
  for (const names of threads) {
    const built = await rolldown({
      input: Object.fromEntries(names.map((name) => [name, join(source, `${name}.ts`)])),
      platform: "node",
      tsconfig: false,
      external: (id) => !/^\.{0,2}\//.test(id) && !id.startsWith(source),
      plugins: [keepPlaces(source)],
      onLog: (level, log, report) => { if (level === "warn") throw new Error(log.message); report(level, log); },
    });
    const chunk = `${names[0].replaceAll("/", "-")}.[name].`;
    const [format, ending] = commonJs.has(names[0]) ? ["cjs", "cjs"] : ["esm", "js"];
    const { output } = await built.write({ dir: join(root, "dist", "kernel"), format, entryFileNames: `[name].${ending}`, chunkFileNames: `chunks/${chunk}[hash].${ending}`, minifyInternalExports: false });
    for (const { fileName } of output) written.add(fileName);
    await built.close();
  }
  // A kernel that still runs may load chunks of earlier builds later on; nobody's kernel runs for a month.
  const chunks = join(root, "dist", "kernel", "chunks");
  for (const name of readdirSync(chunks)) if (!written.has(`chunks/${name}`) && statSync(join(chunks, name)).mtimeMs < Date.now() - month) rmSync(join(chunks, name));
}

/** Lets `import.meta` of every module mean the place that its own compiled file has, wherever the bundler puts it. */
function keepPlaces(source) {
  const placed = (id) => relative(source, id).split(sep).join("/").replace(/\.ts$/, ".js");
  return {
    name: "keep-places",
    transform: (code, id) => /\bimport\.meta\./.test(code) ? { code: relocated(code, placed(id)), map: null } : null,
    renderChunk: (code, { fileName }, { format }) => code.includes("__place__(") ? { code: withPlaces(code, dirname(fileName), format), map: null } : null,
  };
}

function relocated(code, module) {
  const started = code.replace(/new URL\("\.\/([\w/-]+)\.js", import\.meta\.url\)/g, (all, name) => commonJs.has(posix.join(posix.dirname(module), name)) ? all.replace(".js\"", ".cjs\"") : all);
  return started.replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, part) => `__place__("${module}", "${part}")`);
}

function withPlaces(code, folder, format) {
  const located = code.replace(/__place__\("([^"]+)", "(\w+)"\)/g, (_, module, part) => `__place.${part}(${JSON.stringify(posix.relative(folder, module))})`);
  const [path, url, base] = format === "cjs"
    ? ["const __path = require(\"node:path\");", "const __url = require(\"node:url\");", "__url.pathToFileURL(__filename)"]
    : ["import * as __path from \"node:path\";", "import * as __url from \"node:url\";", "import.meta.url"];
  return `${path} ${url}
const __base = ${base};
const __place = { url: (to) => new URL(to, __base).href, filename: (to) => __url.fileURLToPath(new URL(to, __base)), dirname: (to) => __path.dirname(__url.fileURLToPath(new URL(to, __base))) };
${located}`;
}

await bundle(process.argv[2]);
