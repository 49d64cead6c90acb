import { runtimeName } from "./cell-runtime.ts";

/** Which cell is meant in a call. */
const cell = `(?:[\\w$]+|${runtimeName}\\.cell\\(\\))`;

/**
 * What the kernel writes into compiled functions, and what stands for it elsewhere: browsers, workers and other processes
 * that are sent a function as text have no kernel. All these calls return their last argument.
 */
const written: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^\\s*const ${runtimeName}Cell = ${runtimeName}\\.cell\\(\\);\\n?`, "gm"), ""],
  [new RegExp(`const ${runtimeName}Cell = ${runtimeName}\\.cell\\(\\);\\s?`, "g"), ""],
  [new RegExp(`^\\s*${runtimeName}\\.(?:back|woke)\\(${cell}\\);\\n?`, "gm"), ""],
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

/** Declared functions are compiled to nameless ones, which later cells can replace. */
const nameless = /^((?:async )?function\*?) \(/;
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function withName(text: string, name: unknown): string {
  return typeof name === "string" && identifier.test(name) ? text.replace(nameless, (_, start: string) => `${start} ${name}(`) : text;
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
      const named = nameless.test(text) ? withName(text, Object.getOwnPropertyDescriptor(self, "name")?.value) : text;
      return named.includes(runtimeName) ? withoutKernelCalls(named) : named;
    },
  });
  Object.defineProperty(Function.prototype, "toString", { value: clean, writable: true, configurable: true, enumerable: false });
}
