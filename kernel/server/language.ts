import { ShadowedGlobals } from "../language/shadowed-globals.ts";
import { startLanguageService } from "../language/service/client.ts";
import type { CellRequest } from "../language/link.ts";
import type { Precompiled } from "../language/precompiled.ts";
import type { Project } from "../language/project.ts";
import type { Cell, CellDiagnostic, LanguageClient } from "../language/service/client.ts";

/**
 * How long a cell's diagnostics count as fresh when the very same cell is sent again, in milliseconds: cells that are
 * run over and over (`step()`) then need no second check. Nothing that another cell declares escapes: that clears them.
 * A change in a file that an earlier cell imported does, for this long.
 */
const freshMs = 5000;

/**
 * How long a cell waits for the language thread, in milliseconds: for its first answer, which on a busy machine may have
 * to read all libraries, and for later ones.
 */
const patience = { first: 60_000, later: 15_000 } as const;

/** Words without one of which a cell declares and imports nothing, so that it cannot change how others are checked. */
const declaring = /\b(?:let|const|var|using|function|class|enum|namespace|module|interface|type|import|export|declare|global|require)\b/;

/** The language service, started when it is first needed. */
export class Language {
  readonly #cwd: string;
  readonly #scripts = new Map<string, Precompiled>();
  readonly #checked = new Map<string, { at: number; diagnostics: readonly CellDiagnostic[] }>();
  /** As far as cells have been compiled: should one not run, the main thread compiles the others again. */
  readonly #shadowed = new ShadowedGlobals();
  /** Cells that ran while nobody needed the service. */
  #waiting: Cell[] = [];
  #client: LanguageClient | undefined;
  #late = false;
  #answered = false;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** How long a cell had better wait for the language thread, in milliseconds. */
  get patience(): number {
    return this.#answered ? patience.later : patience.first;
  }

  get client(): LanguageClient {
    return (this.#client ??= this.#start());
  }

  #start(checks = true): LanguageClient {
    const client = startLanguageService({ cwd: this.#cwd, committed: this.#waiting, checks });
    this.#waiting = [];
    return client;
  }

  /** Starts the service ahead of need. `checks`: whether cells' types are going to be checked. */
  warm(checks: boolean): void {
    this.#client ??= this.#start(checks);
  }

  /** A cell's script, or undefined when the language thread cannot make it in time. */
  async compile({ code, tsx }: CellRequest): Promise<Precompiled | undefined> {
    const shadowed = this.#shadowed.mentionedIn(code);
    const key = `${[...shadowed].join()}:${scriptKey(code, tsx)}`;
    const known = this.#scripts.get(key);
    if (known || this.#late) return known;
    this.warm(false);
    const script = await this.#within(this.client.compile(code, { tsx, shadowed }));
    if (script) remember(this.#scripts, key, script);
    if (script && "compiled" in script) this.#shadowed.add([...script.compiled.names.constants, ...script.compiled.names.variables]);
    return script;
  }

  /** The main thread compiles whatever the language thread, busy with some type, is too late for. */
  async #within(compiling: Promise<Precompiled>): Promise<Precompiled | undefined> {
    const answer = compiling.then((script) => { this.#answered = true; return script; }, () => undefined).finally(() => { this.#late = false; });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => { this.#late = true; resolve(undefined); }, this.patience + 1000); // longer than for its types
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }

  /** Diagnostics of a cell that is about to run. */
  async check({ code, name, tsx = false }: Cell): Promise<readonly CellDiagnostic[]> {
    if (code.trim() === "") return [];
    const key = scriptKey(code, tsx);
    const known = this.#checked.get(key);
    if (known && performance.now() - known.at < freshMs) return known.diagnostics;
    this.#checked.delete(key);
    const diagnostics = await this.client.check({ code, name, tsx });
    this.#answered = true;
    // A cell that imports may see a changed file the next time; one that declares nothing sees the same until another does.
    if (!declaring.test(code)) remember(this.#checked, key, { at: performance.now(), diagnostics });
    return diagnostics;
  }

  /** Tells the service that a cell ran. */
  commit(cell: Cell): void {
    if (!declaring.test(cell.code)) return;
    this.#checked.clear();
    if (this.#client) this.#client.commit(cell);
    else this.#waiting.push(cell);
  }

  /** Forgets what is known of packages and files that may have changed. */
  packagesChanged(): void {
    this.#checked.clear();
    this.#client?.packagesChanged();
  }

  /** Reads the folder's tsconfig.json, if it has changed, and works by it from now on. */
  async configure(): Promise<Project> {
    const project = await this.client.configure();
    this.#checked.clear();
    this.#scripts.clear();
    return project;
  }

  async dispose(): Promise<void> {
    await this.#client?.dispose();
  }
}

const scriptKey = (code: string, tsx: boolean): string => `${tsx ? "x" : ""}:${code}`;

/** Keeps about a hundred values. */
function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  if (memory.size >= 100) memory.clear();
  memory.set(key, value);
}
