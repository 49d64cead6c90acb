import type { CellNames } from "./cell-names.ts";
import { ShadowedGlobals } from "./shadowed-globals.ts";

/** What the names that cells share mean at present, as far as V8 does not know. */
export class Bindings {
  /** Names that must not be assigned: the last cell that declared them made them constants or imported them. */
  readonly constants = new Set<string>();
  /** Names that V8 knows as `let`: nothing else can take their place any more. */
  readonly #variables = new Set<string>();
  /** Names that are properties of `globalThis` and ask a module for their value. */
  readonly #following = new Set<string>();
  readonly #shadowed = new ShadowedGlobals();

  /** A cell is about to run. */
  declare({ constants, variables, live }: CellNames): void {
    for (const name of constants) this.constants.add(name);
    for (const name of variables) this.constants.delete(name);
    for (const name of [...constants, ...variables]) {
      if (live.includes(name)) this.#following.add(name);
      else this.#variables.add(name);
    }
    this.#shadowed.add([...constants, ...variables]);
  }

  /** The globals that mean something else to cells, as far as this code may mention them. */
  shadowedIn(code: string): ReadonlySet<string> {
    return this.#shadowed.mentionedIn(code);
  }

  /** Of these names, those that can follow a module's variable: neither a `let` nor somebody else's global. */
  canFollow(names: readonly string[]): ReadonlySet<string> {
    return new Set(names.filter((name) => !this.#variables.has(name) && (this.#following.has(name) || !(name in globalThis))));
  }

  /** Makes names mean what a module's exports are at any time. */
  follow(names: Readonly<Record<string, string>>, module: Readonly<Record<string, unknown>>): void {
    for (const [name, exported] of Object.entries(names)) {
      Object.defineProperty(globalThis, name, { get: () => module[exported], configurable: true, enumerable: false });
    }
  }

  /** Throws when the name is a constant; else returns the value. */
  check(name: string, value?: unknown): unknown {
    if (this.constants.has(name)) throw new TypeError("Assignment to constant variable.");
    return value;
  }

  /** An object whose `value` is assigned instead of the name. */
  target(name: string, assign: (value: unknown) => void): { value: unknown } {
    const check = () => this.check(name);
    return {
      get value() { return undefined; },
      set value(value: unknown) {
        check();
        assign(value);
      },
    };
  }
}
