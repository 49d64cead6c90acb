import type TS from "typescript";
import type { NotebookHost } from "./host.ts";
import { LiveProgram } from "./live-program.ts";

/** One module in a program. */
export type Opened = { readonly program: TS.Program; readonly file: TS.SourceFile };

/** How many modules a program takes: what its checker remembers of them is never forgotten. */
const mostModules = 300;

/** A notebook's cells in a program that lives as long as nothing but cells is added (see {@link LiveProgram}). */
export class LiveView {
  readonly #host: NotebookHost;
  readonly #service: TS.LanguageService;
  #live: LiveProgram | undefined;
  #modules = 0;
  /** The module looked at last, and its text. */
  #last: { readonly text: string; readonly file: TS.SourceFile } | undefined;

  constructor(host: NotebookHost, service: TS.LanguageService) {
    this.#host = host;
    this.#service = service;
  }

  /** Makes a new program at the next question: something has changed that all modules see. */
  renew(): void {
    this.#live = undefined;
    this.#last = undefined;
  }

  /** What is wrong with a module, or undefined when it needs a program of its own to tell. */
  diagnostics(text: string): readonly TS.Diagnostic[] | undefined {
    this.#host.lookAgain();
    const file = this.#look(text);
    return file && this.#live?.diagnostics(file);
  }

  /** A module and the program that it is in, or undefined when it needs one of its own. The same text gives the same module. */
  open(text: string): Opened | undefined {
    const known = this.#last?.text === text && this.#live?.isUpToDate() ? this.#last.file : undefined;
    const file = known ?? this.#look(text);
    return file && this.#live && { program: this.#live.program, file };
  }

  /** A cell can be imported from now on. */
  commit(path: string, text: string): void {
    this.#modules++;
    if (this.#live?.add(path, text) === undefined) this.renew();
  }

  /** The same path never stands for two texts: a checker keeps its findings by path. */
  #look(text: string): TS.SourceFile | undefined {
    const live = this.#current();
    if (this.#last) live?.remove(this.#last.file);
    this.#last = undefined;
    const file = live?.add(this.#host.scratchPath(++this.#modules), text);
    if (file) this.#last = { text, file };
    return file;
  }

  #current(): LiveProgram | undefined {
    if (this.#modules > mostModules || this.#live?.isUpToDate() === false) this.renew();
    return (this.#live ??= this.#make());
  }

  #make(): LiveProgram | undefined {
    this.#modules = 0;
    this.#host.setCurrent("");
    const program = this.#service.getProgram();
    return program && LiveProgram.over(program, this.#host);
  }
}
