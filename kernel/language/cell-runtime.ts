/** The global object through which compiled cells reach the session; see {@link CellRuntime}. */
export const runtimeName = "__potstill";

/** What compiled cells call. Its methods are named here because the compiler writes calls to them. */
export interface CellRuntime {
  /** Takes the value of the cell's last expression. */
  result(cell: number, value: unknown): void;
  /** What `import.meta` means in a cell. */
  readonly meta: object;
  /** `import(specifier)` relative to the notebook's folder. */
  import(specifier: unknown, options?: ImportCallOptions): Promise<object>;
  /** The same for a static import of names (which CommonJS modules may not list). Only `needed` ones must exist: the others may be types. */
  named(needed: readonly string[], others: readonly string[], specifier: string, options?: ImportCallOptions): Promise<object>;
  /** Makes names mean what exports of a module are at any time; `names` tells the export for each. */
  live(names: Readonly<Record<string, string>>, module: object): void;
  /** Throws when the name is a constant now; else returns the value, which is then assigned. */
  constant(name: string, value: unknown): unknown;
  /** An object whose property `value` takes what is to be assigned to the name; throws as {@link constant} does. */
  target(name: string, assign: (value: unknown) => void): { value: unknown };
  /** The operand of an `await` at a cell's top level: settled by an interrupt. */
  top(cell: number, value: unknown): unknown;
  /** A cell's top level goes on after a wait. Returns the value. */
  woke(cell: number, value?: unknown): unknown;
  /** The operand of an `await` inside a function of a cell. */
  inner(value: unknown): unknown;
  /** The cell for which code runs now, if that is known. */
  cell(): number | undefined;
  /** Code that runs for this cell goes on after a wait. Returns the value. */
  back(cell: number | undefined, value?: unknown): unknown;
  /** A callback that will run for the cell that made it. */
  bind(callback: unknown): unknown;
  /** The iterable of a `for await`. `cell` is undefined inside functions. */
  each(cell: number | undefined, iterable: unknown): AsyncIterable<unknown>;
}
