import { cellLabel } from "../language/link.ts";
import type { CellRequest, Outcome } from "../language/link.ts";
import type { CellDiagnostic } from "../language/service/client.ts";
import { diagnosticText, typeErrorContent } from "./diagnostics.ts";
import type { Language } from "./language.ts";
import { within } from "./within.ts";
import type { TypecheckMode } from "./settings.ts";

/** Lets cells pass whose types are right, or whose mode asks for no more than a warning. */
export class TypeGate {
  readonly #language: Language;
  #said = "";
  /** Whether a check that nobody waits for any more is still going on. */
  #late = false;

  constructor(language: Language) {
    this.#language = language;
  }

  /**
   * The outcome of a cell that must not run, or undefined. Never rejects, and takes only so long: a type checker that is
   * lost in some type must not keep the cell from running, nor those after it.
   * @param warn prints on the cell's stderr
   */
  async refusal(cell: CellRequest, mode: TypecheckMode, warn: (text: string) => void): Promise<Outcome | undefined> {
    if (mode === "off") return undefined;
    try {
      if (this.#late) throw new Error("the type checker is still busy with an earlier cell.");
      const diagnostics = await this.#check(cell);
      this.#said = "";
      return judge(cell, { mode, diagnostics, warn });
    } catch (error) {
      this.#complain(`The cell's types were not checked: ${(error as Error).message}\n`, warn);
      return undefined;
    }
  }

  async #check({ code, count, tsx }: CellRequest): Promise<readonly CellDiagnostic[]> {
    const { patience } = this.#language;
    const checking = this.#language.check({ code, name: cellLabel({ count }), tsx });
    try {
      return await within(checking, patience, `that took more than ${patience / 1000} s. %typecheck off turns the check off.`);
    } catch (error) {
      const free = (): void => { this.#late = false; };
      this.#late = true;
      checking.then(free, free);
      throw error;
    }
  }

  /** A type checker that is out of order is worth one message, not one for every cell. */
  #complain(message: string, warn: (text: string) => void): void {
    if (message !== this.#said) warn(message);
    this.#said = message;
  }
}

function judge(cell: CellRequest, { mode, diagnostics, warn }: { mode: TypecheckMode; diagnostics: readonly CellDiagnostic[]; warn: (text: string) => void }): Outcome | undefined {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const label = cellLabel(cell);
  if (errors.length > 0 && mode === "error") return { status: "error", ...typeErrorContent(errors, cell.code, label) };
  if (diagnostics.length > 0) warn(diagnosticText(diagnostics, cell.code, label));
  return undefined;
}
