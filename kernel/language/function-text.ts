import { runtimeName } from "./cell-runtime.ts";
import { shadowMark } from "./shadow-mark.ts";

/** Which cell is meant in a call. */
const cell = `(?:[\\w$]+|${runtimeName}\\.cell\\(\\))`;

/**
 * What the kernel writes into compiled functions, and what stands for it elsewhere: browsers, workers and other processes
 * that are sent a function as text have no kernel. All these calls return their last argument.
 */
const written: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^[ \\t]*const ${runtimeName}Cell = ${runtimeName}\\.cell\\(\\);\\n?`, "gm"), ""],
  [new RegExp(`const ${runtimeName}Cell = ${runtimeName}\\.cell\\(\\);\\s?`, "g"), ""],
  [new RegExp(`^[ \\t]*${runtimeName}\\.(?:back|woke)\\(${cell}\\);\\n?`, "gm"), ""],
  [new RegExp(`${runtimeName}\\.(?:back|woke)\\(${cell}\\)`, "g"), "void 0"],
  [new RegExp(`${runtimeName}\\.(?:back|woke|top)\\(${cell}, `, "g"), "("],
  [new RegExp(`${runtimeName}\\.each\\((?:void 0|${cell}), `, "g"), "("],
  [new RegExp(`${runtimeName}\\.constant\\("(?:[^"\\\\]|\\\\.)*", `, "g"), "("],
  [new RegExp(`${runtimeName}\\.(?:inner|bind)\\(`, "g"), "("],
  [new RegExp(`${runtimeName}\\.import\\(`, "g"), "import("],
  [new RegExp(`${runtimeName}\\.meta\\b`, "g"), "import.meta"],
];

/** A compiled function's text without the kernel's calls. */
export function withoutKernelCalls(text: string): string {
  return written.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text);
}

/** How many declarations of one name are remembered: functions of older ones tell their text without a name. */
const remembered = 5;

/** Compiled cells by the functions that they declare: such are compiled to nameless ones, which later cells can replace. */
const declaring = new Map<string, string[]>();
/** Names that got an invisible mark because they are globals', too. */
const marked = new Set<string>();

/** Tells what a cell that is about to run declares. */
export function rememberFunctions(names: readonly string[], code: string): void {
  for (const name of names) {
    if (name.endsWith(shadowMark)) marked.add(name);
    if (code.includes(`${name} = function`) || code.includes(`${name} = async function`)) declaring.set(name, [code, ...(declaring.get(name) ?? [])].slice(0, remembered));
  }
}

const nameless = /^((?:async )?function\*?) \(/;

function withName(text: string, name: unknown): string {
  const declared = typeof name === "string" && declaring.get(name)?.some((code) => code.includes(`${name} = ${text}`));
  return declared ? text.replace(nameless, (_, start: string) => `${start} ${name}(`) : text;
}

function withoutMarks(text: string): string {
  return [...marked].reduce((left, name) => left.replaceAll(name, name.slice(0, -shadowMark.length)), text);
}

/**
 * Lets functions of cells tell a text that runs anywhere, as `page.evaluate(f)` and `new Worker(String(f))` expect.
 * Everything else about `Function.prototype.toString` stays as it is.
 */
export function cleanFunctionText(): void {
  const original = Object.getOwnPropertyDescriptor(Function.prototype, "toString")!.value as () => string;
  const clean = new Proxy(original, {
    apply: (target, self, args) => {
      const text = Reflect.apply(target, self, args) as string;
      if (text.endsWith("{ [native code] }")) return text;
      const named = nameless.test(text) ? withName(text, Object.getOwnPropertyDescriptor(self, "name")?.value) : text;
      const plain = named.includes(runtimeName) ? withoutKernelCalls(named) : named;
      return plain.includes(shadowMark) ? withoutMarks(plain) : plain;
    },
  });
  Object.defineProperty(Function.prototype, "toString", { value: clean, writable: true, configurable: true, enumerable: false });
}
