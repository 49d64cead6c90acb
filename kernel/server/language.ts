import { startLanguageService } from "../language/service/client.ts";
import type { CellDiagnostic, LanguageClient } from "../language/service/client.ts";

/** What is done about type errors: the cell is not run, they are shown and it is run, or they are not looked for. */
export type TypecheckMode = "error" | "warn" | "off";

/** Reads the mode from `POTSTILL_TYPECHECK`; unknown values mean "error". */
export function typecheckMode(value: string | undefined): TypecheckMode {
  return value === "warn" || value === "off" ? value : "error";
}

/** The language service, started when it is first needed. */
export class Language {
  readonly #cwd: string;
  readonly mode: TypecheckMode;
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
    return this.client.check({ code, name });
  }

  /** Tells the service that a cell ran. */
  commit(code: string, name: string): void {
    if (this.#client || this.mode !== "off") this.client.commit({ code, name });
  }

  async dispose(): Promise<void> {
    await this.#client?.dispose();
  }
}
