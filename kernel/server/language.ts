import { startLanguageService } from "../language/service/client.ts";
import type { Cell, CellDiagnostic, LanguageClient } from "../language/service/client.ts";

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
  readonly #checked = new Map<string, { at: number; diagnostics: readonly CellDiagnostic[] }>();
  /** Cells that ran while nobody needed the service. */
  #waiting: Cell[] = [];
  #client: LanguageClient | undefined;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  get client(): LanguageClient {
    return (this.#client ??= this.#start());
  }

  #start(): LanguageClient {
    const client = startLanguageService({ cwd: this.#cwd, committed: this.#waiting });
    this.#waiting = [];
    return client;
  }

  /** Diagnostics of a cell that is about to run. */
  async check(code: string, name: string): Promise<readonly CellDiagnostic[]> {
    if (code.trim() === "") return [];
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
    if (this.#client) this.#client.commit({ code, name });
    else this.#waiting.push({ code, name });
  }

  /** Forgets what is known of packages and files that may have changed. */
  packagesChanged(): void {
    this.#checked.clear();
  }

  async dispose(): Promise<void> {
    await this.#client?.dispose();
  }
}
