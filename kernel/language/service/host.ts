import { randomUUID } from "node:crypto";
import type TS from "typescript";
import { isPackageFile } from "./documents.ts";
import type { Documents } from "./documents.ts";
import { ts } from "./typescript.ts";
import { ownTypes, packageRoot, slashed } from "./locations.ts";
import { cellOptions, withProject } from "./options.ts";
import { StandardLibrary } from "./standard-library.ts";

const cellScheme = "potstill-cell:";

/** The module name by which other cells import a committed cell. */
export const cellModule = (number: number): string => `${cellScheme}${number}`;

type Versioned = { readonly version: string; readonly snapshot: TS.IScriptSnapshot };

/**
 * What TypeScript sees: the notebook's folder with the cells as virtual modules in it, and the real files around.
 *
 * The roots never change (an index imports all committed cells), so that a new cell lets the program reuse everything else.
 */
export class NotebookHost implements TS.LanguageServiceHost {
  readonly #folder: string;
  readonly #package = packageRoot();
  readonly #ownTypes = new Map<string, string | undefined>();
  readonly #built = `${this.#package}/dist/`;
  readonly #virtual = new Map<string, Versioned>();
  readonly #names = new Map<string, string>();
  readonly #library = new StandardLibrary("lib.esnext.d.ts");
  /** Where the committed cells are stored. */
  readonly #cells = new Map<string, string>();
  #options = cellOptions;
  readonly #real = new Map<string, Versioned>();
  /** Notebooks of one folder may share a registry of parsed files: their cells must not be taken for each other's. */
  readonly #id = randomUUID();
  #committed = 0;
  /** The cells that are looked at although nothing may import them. */
  readonly #listed = new Set<string>();
  #versions = 0;
  /** Where packages find their own imports, until packages are installed. */
  #packageResolutions: TS.ModuleResolutionCache;
  /** Where the notebook's files find theirs: forgotten with every change, as files and packages may have come. */
  #ownResolutions: TS.ModuleResolutionCache | undefined;
  /** Counts installations: what lies in the folder's packages may differ after each. */
  #installations = 0;
  readonly #packages: string;
  /** The cell being looked at. */
  current: string;
  readonly #currents: ReadonlySet<string>;
  readonly #index: string;

  readonly #documents: Documents;

  constructor(folder: string, documents: Documents) {
    this.#documents = documents;
    this.#folder = slashed(folder);
    this.#packages = `${slashed(this.realpath(this.#folder))}/node_modules/`;
    this.#packageResolutions = this.#newCache();
    this.current = this.#path("cell");
    this.#currents = new Set([this.current, this.#path("cell", "tsx")]);
    this.#index = this.#path("cells");
    this.setCurrent("");
    this.#writeIndex();
  }

  #path(name: string, extension = "ts"): string {
    return `${this.#folder}/__potstill_${name}__.${extension}`;
  }

  #write(path: string, text: string): void {
    this.#virtual.set(path, { version: `${this.#id}-${++this.#versions}`, snapshot: ts.ScriptSnapshot.fromString(text) });
    this.#ownResolutions = undefined;
  }

  #writeIndex(): void {
    const cells = [...this.#listed].map((module) => `import ${JSON.stringify(module)};`);
    this.#write(this.#index, [`import "potstill/notebook";`, ...cells].join("\n"));
  }

  /** Applies the options of a tsconfig.json from now on. */
  configure(own: TS.CompilerOptions): void {
    this.#options = withProject(own);
    this.#packageResolutions = this.#newCache();
    this.#ownResolutions = undefined;
  }

  /** Packages were added to the folder or replaced there. Their files' times do not tell: npm gives all files the same. */
  packagesChanged(): void {
    this.#installations++;
    this.#packageResolutions = this.#newCache();
    this.#ownResolutions = undefined;
  }

  /** @param files whether packages and files may have come since the same text was set: then its imports are looked up again */
  setCurrent(text: string, { tsx = false, files = "may be new" }: { tsx?: boolean; files?: "may be new" | "as before" } = {}): void {
    this.current = this.#path("cell", tsx ? "tsx" : "ts");
    if (files === "may be new" || this.#text(this.current) !== text) this.#write(this.current, text);
  }

  /** Packages and files may have come: imports are looked up anew. */
  lookAgain(): void {
    this.#ownResolutions = undefined;
  }

  /** A place for a module that is looked at once; no file of the program is ever stored there. */
  scratchPath(number: number): string {
    return this.#path(`cell_0${number}`);
  }

  /** Whether a file of a program may change while the kernel runs; cells are written anew instead. */
  readonly mayChange = (path: string): boolean => !this.#virtual.has(path) && !isPackageFile(path) && !path.startsWith(this.#built);

  /** The name of the committed cell that is stored at a path. */
  readonly cellName = (path: string): string | undefined => this.#names.get(path);

  /** Adds a cell for good: where it is stored, and the module name that later cells import it by. */
  addCell(text: string, { name = "an earlier cell", tsx = false }: { name?: string; tsx?: boolean } = {}): { path: string; module: string } {
    const path = this.#path(`cell_${++this.#committed}`, tsx ? "tsx" : "ts");
    this.#names.set(path, name);
    this.#cells.set(cellModule(this.#committed), path);
    this.#write(path, text);
    this.#listed.add(cellModule(this.#committed));
    this.#writeIndex();
    return { path, module: cellModule(this.#committed) };
  }

  /** Leaves out the committed cells that `needed` does not name: they stay where another cell imports them. */
  keepCells(needed: (module: string) => boolean): void {
    const before = this.#listed.size;
    for (const module of this.#listed) if (!needed(module)) this.#listed.delete(module);
    if (this.#listed.size < before) this.#writeIndex();
  }

  getCompilationSettings = (): TS.CompilerOptions => this.#options;
  getModuleResolutionCache = (): TS.ModuleResolutionCache => this.#packageResolutions;
  getScriptFileNames = (): string[] => [this.#index, ...[...this.#currents].filter((path) => this.#virtual.has(path))];
  getCurrentDirectory = (): string => this.#folder;
  getDefaultLibFileName = (options: TS.CompilerOptions): string => ts.getDefaultLibFilePath(options);
  useCaseSensitiveFileNames = (): boolean => ts.sys.useCaseSensitiveFileNames;
  readFile = (path: string): string | undefined => this.#text(path) ?? ts.sys.readFile(path);
  fileExists = (path: string): boolean => this.#virtual.has(path) || ts.sys.fileExists(path);
  directoryExists = (path: string): boolean => ts.sys.directoryExists(path);
  getDirectories = (path: string): string[] => ts.sys.getDirectories(path);
  readDirectory = ts.sys.readDirectory.bind(ts.sys);
  realpath = (path: string): string => ts.sys.realpath?.(path) ?? path;

  /** Packages change only when some are installed, Potstill's own files never; the notebook's own files do. */
  getScriptVersion = (path: string): string => {
    const virtual = this.#virtual.get(path);
    if (virtual !== undefined) return virtual.version;
    if (isPackageFile(path)) return this.#packageVersion(path);
    if (path.startsWith(this.#built)) return "built";
    return String(ts.sys.getModifiedTime?.(path)?.getTime() ?? 0);
  };

  #packageVersion(path: string): string {
    const installation = path.startsWith(this.#packages) ? ` ${this.#installations}` : "";
    return `${this.#joined(path) === undefined ? "" : "joined "}${this.#documents.isDocumented(path) ? "documented" : "package"}${installation}`;
  }

  /** TypeScript asks for all files at every check: the real ones are read again only when their version changes. */
  getScriptSnapshot = (path: string): TS.IScriptSnapshot | undefined => {
    const virtual = this.#virtual.get(path);
    if (virtual !== undefined) return virtual.snapshot;
    const version = this.getScriptVersion(path);
    const known = this.#real.get(path);
    if (known?.version === version) return known.snapshot;
    const text = this.#joined(path) ?? ts.sys.readFile(path);
    if (text === undefined) return undefined;
    const snapshot = ts.ScriptSnapshot.fromString(text);
    this.#real.set(path, { version, snapshot });
    return snapshot;
  };

  resolveModuleNameLiterals = (
    literals: readonly TS.StringLiteralLike[], containing: string, _redirected: TS.ResolvedProjectReference | undefined,
    options: TS.CompilerOptions, source: TS.SourceFile,
  ): readonly TS.ResolvedModuleWithFailedLookupLocations[] =>
    literals.map((literal) => this.#own(literal.text) ?? this.#resolve(literal.text, containing, ts.getModeForUsageLocation(source, literal, options)));

  resolveTypeReferenceDirectiveReferences = <T extends TS.FileReference | string>(
    references: readonly T[], containing: string,
  ): readonly TS.ResolvedTypeReferenceDirectiveWithFailedLookupLocations[] =>
    references.map((reference) => {
      const name = typeof reference === "string" ? reference : reference.fileName;
      const found = ts.resolveTypeReferenceDirective(name, containing, this.#options, this);
      return found.resolvedTypeReferenceDirective ? found : ts.resolveTypeReferenceDirective(name, `${this.#package}/notebook.ts`, this.#options, this);
    });

  /** The standard library's files as one; a notebook that asks for less than all of them is given them as they are. */
  #joined(path: string): string | undefined {
    return this.getCompilationSettings().lib?.includes("lib.esnext.d.ts") ? this.#library.text(path) : undefined;
  }

  #newCache(): TS.ModuleResolutionCache {
    return ts.createModuleResolutionCache(this.#folder, (path) => (ts.sys.useCaseSensitiveFileNames ? path : path.toLowerCase()), this.#options);
  }

  #text(path: string): string | undefined {
    const snapshot = this.#virtual.get(path)?.snapshot;
    return snapshot?.getText(0, snapshot.getLength());
  }

  /** Committed cells, and the modules that must be the running kernel's: the cell API and tslab's. */
  #own(name: string): TS.ResolvedModuleWithFailedLookupLocations | undefined {
    const path = name.startsWith(cellScheme) ? this.#cells.get(name) : this.#typesOf(name);
    if (path === undefined || !this.fileExists(path)) return undefined;
    const extension = path.endsWith(".d.ts") ? ts.Extension.Dts : path.endsWith(".tsx") ? ts.Extension.Tsx : ts.Extension.Ts;
    return { resolvedModule: { resolvedFileName: path, extension, isExternalLibraryImport: false } };
  }

  #typesOf(name: string): string | undefined {
    if (!this.#ownTypes.has(name)) this.#ownTypes.set(name, ownTypes(name));
    return this.#ownTypes.get(name);
  }

  #resolve(name: string, containing: string, mode: TS.ResolutionMode): TS.ResolvedModuleWithFailedLookupLocations {
    const inPackage = containing.includes("/node_modules/");
    const cache = inPackage ? this.#packageResolutions : (this.#ownResolutions ??= this.#newCache());
    const found = ts.resolveModuleName(name, containing, this.#options, this, cache, undefined, mode);
    if (found.resolvedModule !== undefined || /^[./]/.test(name) || inPackage) return found;
    return ts.resolveModuleName(name, `${this.#package}/notebook.ts`, this.#options, this, cache, undefined, mode);
  }
}
