import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelDriver } from "../kernel-driver.ts";
import { sleep, text } from "../kernel-driver.ts";
import { isScript, isTyped, plain, unless } from "./feature.ts";
import type { Feature } from "./feature.ts";

const group = "TypeScript and modules";

/** Runs cells one after another; the last one's result, or what it printed, without quotes. */
async function last(kernel: KernelDriver, cells: readonly string[]): Promise<string> {
  let shown = "";
  for (const code of cells) {
    const { reply, messages } = await kernel.run(code);
    const failure = messages.find((m) => m.type === "error");
    if (reply.status === "error" || failure) throw new Error(`${code}: ${reply.evalue ?? failure?.content.evalue}`);
    const result = messages.find((m) => m.type === "execute_result")?.content.data["text/plain"] ?? text(messages);
    if (text(messages, "stderr") !== "" && result === "") throw new Error(text(messages, "stderr"));
    shown = plain(result).trim().replace(/^(['"`])(.*)\1$/s, "$2");
  }
  return shown;
}

function gives(title: string, cells: readonly string[], expected: string, applies = isScript): Feature {
  return {
    group, title, applies,
    check: async ({ kernel }) => {
      const shown = await last(kernel, cells);
      return unless(shown === expected, shown);
    },
  };
}

/** Files beside the notebook: a TypeScript module and a package that exists as ES module alone. */
function writeNeighbours(folder: string): void {
  writeFileSync(join(folder, "helper.ts"), "export const half = (n: number): number => n / 2;\n");
  const pack = join(folder, "node_modules", "esm-only");
  mkdirSync(pack, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "notebooks", private: true, dependencies: { "esm-only": "1.0.0" } }));
  writeFileSync(join(pack, "package.json"), JSON.stringify({ name: "esm-only", version: "1.0.0", type: "module", exports: { types: "./index.d.ts", import: "./index.js" } }));
  writeFileSync(join(pack, "index.d.ts"), "export declare const answer: number;\n");
  writeFileSync(join(pack, "index.js"), "await null; export const answer = 42;\n");
}

const neighbours = (title: string, cells: readonly string[], expected: string): Feature => ({
  group, title, applies: isScript,
  check: async ({ kernel }) => {
    writeNeighbours(kernel.folder);
    const shown = await last(kernel, cells);
    return unless(shown === expected, shown);
  },
});

export const semantics: readonly Feature[] = [
  {
    group, title: "type errors are shown and the cell does not run",
    applies: isTyped,
    check: async ({ kernel }) => {
      await kernel.run("let ran = 'no'");
      const { messages } = await kernel.run("ran = 'yes'; const n: number = 'text'");
      const told = messages.some((m) => m.type === "error") || text(messages, "stderr") !== "";
      await sleep(500); // tslab also refuses cells that are sent shortly after a failed one
      const after = await last(kernel, ["ran"]);
      return unless(told && after === "no", `told: ${told}, ran: ${after}`);
    },
  },
  {
    group, title: "an error's line is the cell's own line",
    applies: isTyped,
    check: async ({ kernel }) => {
      const { messages } = await kernel.run("interface A {\n  a: number\n}\nconst z: A = { a: 1 };\nthrow new Error('here')");
      const shown = plain([...messages.filter((m) => m.type === "error").flatMap((m) => m.content.traceback), text(messages, "stderr")].join("\n"));
      const lines = [...shown.matchAll(/:(\d+):\d+/g)].map(([, line]) => line);
      return unless(lines[0] === "5", `line ${lines[0]}`);
    },
  },
  gives("closures and later cells share variables", ["let x = 1; function getX() { return x }", "x = 5; undefined", "[x, getX()].join()"], "5,5"),
  gives("`const`, `let`, classes and functions can be declared again", ["const a = 1; class K { v() { return 1 } }; function f() { return 1 }", "const a = 2; class K { v() { return 2 } }; function f() { return 2 }", "[a, new K().v(), f()].join()"], "2,2,2"),
  gives("top-level `await`", ["const later = await Promise.resolve(3)", "later"], "3"),
  gives("top-level `for await`", ["let sum = 0; for await (const v of (async function* () { yield 1; yield 2 })()) sum += v;", "sum"], "3"),
  gives("`using`", ["const log: string[] = []; { using r = { [Symbol.dispose]() { log.push('closed') } }; log.push('open') }", "log.join()"], "open,closed", isTyped),
  gives("enums, namespaces and decorators", ["enum E { A = 2 }; namespace N { export const k = 3 }; function twice(value: (...a: any[]) => number, _context: unknown) { return function (this: unknown, ...a: any[]) { return 2 * value.apply(this, a) } }; class D { @twice n() { return 5 } }", "[E.A, N.k, new D().n()].join()"], "2,3,10", isTyped),
  gives("`import.meta`", ["typeof import.meta.url"], "string"),
  neighbours("imports of TypeScript files beside the notebook", ['import { half } from "./helper.ts"', "half(84)"], "42"),
  neighbours("packages in the notebook's `node_modules` that exist only as ES modules", ['import { answer } from "esm-only"', "answer"], "42"),
  gives("generators stay alive across cells", ["function* g() { yield 1; yield 2 }; const it = g(); it.next(); undefined", "it.next().value"], "2"),
];
