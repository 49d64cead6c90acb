type Opening = "group" | "groupCollapsed";

/**
 * Closes a cell's `console.group`s with the cell: a group that it left open, perhaps because it threw, would indent
 * what all later cells print.
 */
export class ConsoleGroups {
  readonly #open = new Map<number, number>();
  readonly #end: () => void;

  /** @param cell the cell that is running where this is called */
  constructor(console: Console, cell: () => number) {
    this.#end = console.groupEnd.bind(console);
    for (const name of ["group", "groupCollapsed"] satisfies Opening[]) {
      const open = console[name].bind(console) as (...label: unknown[]) => void;
      console[name] = (...label: unknown[]) => {
        open(...label);
        this.#open.set(cell(), (this.#open.get(cell()) ?? 0) + 1);
      };
    }
    console.groupEnd = () => {
      this.#end();
      this.#open.set(cell(), Math.max(0, (this.#open.get(cell()) ?? 0) - 1));
    };
  }

  /** To be called when a cell has ended. */
  close(cell: number): void {
    for (let left = this.#open.get(cell) ?? 0; left > 0; left--) this.#end();
    this.#open.delete(cell);
  }
}
