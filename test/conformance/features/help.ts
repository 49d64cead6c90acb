import type { KernelDriver } from "../kernel-driver.ts";
import { unless } from "./feature.ts";
import type { Feature } from "./feature.ts";

const group = "Help while typing";
const complete = (kernel: KernelDriver, code: string) => kernel.request("complete_request", { code, cursor_pos: [...code].length });
const inspect = (kernel: KernelDriver, code: string) => kernel.request("inspect_request", { code, cursor_pos: code.length, detail_level: 0 });
const status = async (kernel: KernelDriver, code: string) => (await kernel.request("is_complete_request", { code })).status;

export const help: readonly Feature[] = [
  {
    group, title: "completion of names",
    check: async ({ kernel, dialect }) => {
      const { matches } = await complete(kernel, dialect.language === "py" ? "prin" : "consol");
      return unless(matches.includes(dialect.language === "py" ? "print" : "console"), matches.slice(0, 5).join());
    },
  },
  {
    group, title: "completion tells kinds and types",
    check: async ({ kernel, dialect }) => {
      const reply = await complete(kernel, dialect.language === "py" ? "prin" : "consol");
      const types = (reply.metadata as { _jupyter_types_experimental?: { text: string; type: string }[] } | undefined)?._jupyter_types_experimental;
      return unless(types?.some(({ text, type }) => /^(console|print)$/.test(text) && type !== "" && type !== "<unknown>") ?? false, JSON.stringify(types?.[0]));
    },
  },
  {
    group, title: "completion runs no code of the notebook",
    applies: ({ language }) => language !== "py",
    check: async ({ kernel, dialect }) => {
      const any = dialect.language === "ts" ? ": { n: number; trap: { inner: number } }" : "";
      await kernel.run(`let calls = 0; const o${any} = { n: 1, get trap() { calls++; return { inner: 1 } } }`);
      await complete(kernel, "o.trap.");
      const { messages } = await kernel.run("'calls=' + calls");
      return unless(JSON.stringify(messages.map(({ content }) => content)).includes("calls=0"), "a getter ran");
    },
  },
  {
    group, title: "cursor positions count code points, also behind an emoji",
    check: async ({ kernel, dialect }) => {
      const { matches, cursor_start, cursor_end } = await complete(kernel, dialect.language === "py" ? '"😀"; prin' : '"😀"; consol');
      return unless(matches.length > 0 && cursor_start === 5 && cursor_end === (dialect.language === "py" ? 9 : 11), `${cursor_start}–${cursor_end}`);
    },
  },
  {
    group, title: "inspection with documentation",
    check: async ({ kernel, dialect }) => {
      const { found, data } = await inspect(kernel, dialect.language === "py" ? "print" : "parseInt");
      return unless(found && /Converts a string|Prints the values/.test(data["text/plain"]), JSON.stringify(data).slice(0, 200));
    },
  },
  {
    group, title: "inspection tells the types of the notebook's own names",
    applies: ({ language }) => language === "ts",
    check: async ({ kernel }) => {
      await kernel.run("const pairs = new Map([['a', 1]])");
      const { found, data } = await inspect(kernel, "pairs");
      return unless(found && data["text/plain"].includes("Map<string, number>"), JSON.stringify(data));
    },
  },
  {
    group, title: "`is_complete` knows complete, incomplete and invalid code",
    check: async ({ kernel, dialect }) => {
      const samples = dialect.language === "py" ? ["a = 1", "def f():", "a = = 1"] : ["let a = 1", "function f() {", "let a b"];
      const found = await Promise.all(samples.map((code) => status(kernel, code)));
      return unless(found.join() === "complete,incomplete,invalid", found.join());
    },
  },
];
