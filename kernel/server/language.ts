import { startLanguageService } from "../language/service/client.ts";
import type { CellDiagnostic, LanguageClient } from "../language/service/client.ts";

/** What is done about type errors: the cell is not run, they are shown and it is run, or they are not looked for. */
export type TypecheckMode = "error" | "warn" | "off";

/** Reads the mode from `POTSTILL_TYPECHECK`; unknown values mean "error". */
export function typecheckMode(value: string | undefined): TypecheckMode {
  return value === "warn" || value === "off" ? value : "error";
}

/**
 * How long a cell's diagnostics count as fresh when the very same cell is sent again, in milliseconds: cells that are
 * run over and over (`step()`) then need no second check. Nothing that another cell declares escapes: that clears them.
 * A change in a file that an earlier cell imported does, for this long.
 */
const freshMs = 5000;

/** Words without one of which a cell declares and imports nothing, so that it cannot change how others are checked. */
const declaring = /\b(?:let|const|var|using|function|class|enum|namespace|module|interface|type|import|export|declare|global|require)\b/;

/** The language service, started when it is first needed. */
export class Language {
  readonly #cwd: string;
  readonly mode: TypecheckMode;
  readonly #checked = new Map<string, { at: number; diagnostics: readonly CellDiagnostic[] }>();
  #client: LanguageClient | undefined;

  constructor(cwd: string, mode: TypecheckMode) {
    this.#cwd = cwd;
    this.mode = mode;
  }

  get client(): LanguageClient {
    this.#client ??= startLanguageService({ cwd: this.#cwd });
    return this.#client;
  }

  /** Starts the service ahead of need, when cells are going to be checked. */
  warm(): void {
    if (this.mode !== "off") void this.client;
  }

  /** Diagnostics of a cell that is about to run; none when checking is off. */
  async check(code: string, name: string): Promise<readonly CellDiagnostic[]> {
    if (this.mode === "off" || code.trim() === "") return [];
    const known = this.#checked.get(code);
    if (known && performance.now() - known.at < freshMs) return known.diagnostics;
    this.#checked.delete(code);
    const diagnostics = await this.client.check({ code, name });
    // A cell that imports may see a changed file the next time; one that declares nothing sees the same until another does.
    if (this.#checked.size >= 100) this.#checked.clear();
    if (!declaring.test(code)) this.#checked.set(code, { at: performance.now(), diagnostics });
    return diagnostics;
  }

  /** Tells the service that a cell ran. */
  commit(code: string, name: string): void {
    if (!declaring.test(code)) return;
    this.#checked.clear();
    if (this.#client || this.mode !== "off") this.client.commit({ code, name });
  }

  async dispose(): Promise<void> {
    await this.#client?.dispose();
  }
}
