import { stampOf } from "../language/project.ts";
import type { ToInterpreter } from "../language/link.ts";
import type { Language } from "./language.ts";
import type { Settings } from "./settings.ts";
import { within } from "./within.ts";

/** What the settings of a project act upon. */
interface ProjectParts {
  /** The notebook's folder. */
  readonly folder: string;
  readonly language: Language;
  readonly settings: Settings;
  readonly post: (message: ToInterpreter) => void;
}

/** Keeps the kernel at what the notebook's tsconfig.json says: the nearest one, up the tree, with what it extends. */
export class ProjectSettings {
  readonly #parts: ProjectParts;
  #files: readonly string[] = [];
  #stamp = "";
  #reading: Promise<void> | undefined;

  constructor(parts: ProjectParts) {
    this.#parts = parts;
  }

  /** Reads the files again if one has changed or come. Undefined when nothing has, which costs a few file stamps. Never rejects. */
  refresh(): Promise<void> | undefined {
    const { folder, settings } = this.#parts;
    if (stampOf(folder, this.#files) === this.#stamp) return undefined;
    this.#reading ??= this.#read()
      .catch((error: unknown) => settings.complain(`tsconfig.json is ignored: ${(error as Error).message}`))
      .finally(() => { this.#reading = undefined; });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { folder, language, settings, post } = this.#parts;
    this.#stamp = stampOf(folder, this.#files); // if this fails, not again before the next change
    const { patience } = language;
    const project = await within(language.configure(), patience, `it was not read within ${patience / 1000} s.`);
    this.#files = project.files;
    this.#stamp = stampOf(folder, project.files);
    settings.set("tsconfig.json", project.tsx ? { tsx: true } : {});
    for (const problem of project.problems) settings.complain(problem);
    post({ type: "paths", paths: project.paths });
  }
}
