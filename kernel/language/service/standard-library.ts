import { dirname } from "node:path";
import { ts } from "./typescript.ts";
import { slashed } from "./locations.ts";

const reference = /^\/\/\/\s*<reference lib="([^"]+)"\s*\/>.*$/gm;

/**
 * JavaScript's own declarations, which TypeScript keeps in a hundred files, as one.
 *
 * Every check makes a new checker, and that merges what several files declare of one interface, such as `Array`: it
 * takes half the time when one file declares it all. The files that it is made of are then empty.
 */
export class StandardLibrary {
  readonly #folder = slashed(dirname(ts.getDefaultLibFilePath({})));
  readonly #main: string;
  /** References to the few files that are modules: those stay files of their own. */
  readonly #modules: string[] = [];
  #whole: string | undefined;
  #parts: Map<string, string> | undefined;

  /** @param name the file that refers to all others, such as `lib.esnext.d.ts` */
  constructor(name: string) {
    this.#main = `${this.#folder}/${name}`;
  }

  /** The text of one of its files; undefined for all others, which are read as they are. */
  text(path: string): string | undefined {
    if (!path.startsWith(this.#folder)) return undefined;
    this.#parts ??= this.#collect(this.#main, new Map());
    if (path === this.#main) return (this.#whole ??= [...this.#modules, ...this.#parts.values()].join("\n"));
    return this.#parts.has(path) ? "" : undefined;
  }

  /** Adds a file's text after those that it refers to. */
  #collect(path: string, parts: Map<string, string>): Map<string, string> {
    const text = ts.sys.readFile(path);
    if (text === undefined || parts.has(path)) return parts;
    parts.set(path, "");
    for (const [line, name] of text.matchAll(reference)) {
      if (this.#isModule(name)) this.#modules.push(line);
      else this.#collect(this.#file(name), parts);
    }
    parts.delete(path);
    parts.set(path, text.replace(reference, ""));
    return parts;
  }

  #isModule(name: string): boolean {
    return /^(?:export|import)\b/m.test(ts.sys.readFile(this.#file(name)) ?? "");
  }

  #file(name: string): string {
    return `${this.#folder}/lib.${name}.d.ts`;
  }
}
