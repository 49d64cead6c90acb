import ts from "typescript";
import { notebookApiFile, packageRoot, slashed } from "./locations.ts";
import { cellOptions } from "./options.ts";

const cellScheme = "potstill-cell:";

/** The module name by which other cells import a committed cell. */
export const cellModule = (number: number): string => `${cellScheme}${number}`;

/**
 * What TypeScript sees: the notebook's folder with the cells as virtual modules in it, and the real files around.
 *
 * The roots never change (an index imports all committed cells), so that a new cell lets the program reuse everything else.
 */
export class NotebookHost implements ts.LanguageServiceHost {
  readonly #folder: string;
  readonly #package = packageRoot();
  readonly #api = notebookApiFile();
  readonly #virtual = new Map<string, { version: number; snapshot: ts.IScriptSnapshot }>();
  #committed = 0;
  #versions = 0;
  #resolutions: ts.ModuleResolutionCache | undefined;
  /** The cell being looked at. */
  readonly current: string;
  readonly #index: string;

  constructor(folder: string) {
    this.#folder = slashed(folder);
    this.current = this.#path("cell");
    this.#index = this.#path("cells");
    this.setCurrent("");
    this.#writeIndex();
  }

  #path(name: string): string {
    return `${this.#folder}/__potstill_${name}__.ts`;
  }

  #write(path: string, text: string): void {
    this.#virtual.set(path, { version: ++this.#versions, snapshot: ts.ScriptSnapshot.fromString(text) });
    this.#resolutions = undefined; // files may have come since the last question
  }

  #writeIndex(): void {
    const cells = Array.from({ length: this.#committed }, (_, i) => `import ${JSON.stringify(cellModule(i + 1))};`);
    this.#write(this.#index, [`import "potstill/notebook";`, ...cells].join("\n"));
  }

  setCurrent(text: string): void {
    this.#write(this.current, text);
  }

  /** Adds a cell for good and returns the module name that later cells import it by. */
  addCell(text: string): string {
    this.#committed++;
    this.#write(this.#path(`cell_${this.#committed}`), text);
    this.#writeIndex();
    return cellModule(this.#committed);
  }

  getCompilationSettings = (): ts.CompilerOptions => cellOptions;
  getScriptFileNames = (): string[] => [this.#index, this.current];
  getCurrentDirectory = (): string => this.#folder;
  getDefaultLibFileName = (options: ts.CompilerOptions): string => ts.getDefaultLibFilePath(options);
  useCaseSensitiveFileNames = (): boolean => ts.sys.useCaseSensitiveFileNames;
  readFile = (path: string): string | undefined => this.#text(path) ?? ts.sys.readFile(path);
  fileExists = (path: string): boolean => this.#virtual.has(path) || ts.sys.fileExists(path);
  directoryExists = (path: string): boolean => ts.sys.directoryExists(path);
  getDirectories = (path: string): string[] => ts.sys.getDirectories(path);
  readDirectory = ts.sys.readDirectory.bind(ts.sys);
  realpath = (path: string): string => ts.sys.realpath?.(path) ?? path;

  /** Packages and TypeScript's own files do not change under a running kernel; the notebook's own files do. */
  getScriptVersion = (path: string): string => {
    const virtual = this.#virtual.get(path);
    if (virtual !== undefined) return String(virtual.version);
    if (path.includes("/node_modules/")) return "package";
    return String(ts.sys.getModifiedTime?.(path)?.getTime() ?? 0);
  };

  getScriptSnapshot = (path: string): ts.IScriptSnapshot | undefined => {
    const virtual = this.#virtual.get(path);
    if (virtual !== undefined) return virtual.snapshot;
    const text = ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  };

  resolveModuleNameLiterals = (
    literals: readonly ts.StringLiteralLike[], containing: string, _redirected: ts.ResolvedProjectReference | undefined,
    options: ts.CompilerOptions, source: ts.SourceFile,
  ): readonly ts.ResolvedModuleWithFailedLookupLocations[] =>
    literals.map((literal) => this.#own(literal.text) ?? this.#resolve(literal.text, containing, ts.getModeForUsageLocation(source, literal, options)));

  resolveTypeReferenceDirectiveReferences = <T extends ts.FileReference | string>(
    references: readonly T[], containing: string,
  ): readonly ts.ResolvedTypeReferenceDirectiveWithFailedLookupLocations[] =>
    references.map((reference) => {
      const name = typeof reference === "string" ? reference : reference.fileName;
      const found = ts.resolveTypeReferenceDirective(name, containing, cellOptions, this);
      return found.resolvedTypeReferenceDirective ? found : ts.resolveTypeReferenceDirective(name, `${this.#package}/notebook.ts`, cellOptions, this);
    });

  #text(path: string): string | undefined {
    const snapshot = this.#virtual.get(path)?.snapshot;
    return snapshot?.getText(0, snapshot.getLength());
  }

  /** Committed cells, and the cell API, which must be the running kernel's. */
  #own(name: string): ts.ResolvedModuleWithFailedLookupLocations | undefined {
    const path = name.startsWith(cellScheme) ? this.#path(`cell_${name.slice(cellScheme.length)}`) : name === "potstill/notebook" ? this.#api : undefined;
    if (path === undefined || !this.fileExists(path)) return undefined;
    const extension = path.endsWith(".d.ts") ? ts.Extension.Dts : ts.Extension.Ts;
    return { resolvedModule: { resolvedFileName: path, extension, isExternalLibraryImport: false } };
  }

  #resolve(name: string, containing: string, mode: ts.ResolutionMode): ts.ResolvedModuleWithFailedLookupLocations {
    this.#resolutions ??= ts.createModuleResolutionCache(this.#folder, (path) => (ts.sys.useCaseSensitiveFileNames ? path : path.toLowerCase()), cellOptions);
    const found = ts.resolveModuleName(name, containing, cellOptions, this, this.#resolutions, undefined, mode);
    if (found.resolvedModule !== undefined || /^[./]/.test(name) || containing.includes("/node_modules/")) return found;
    return ts.resolveModuleName(name, `${this.#package}/notebook.ts`, cellOptions, this, this.#resolutions, undefined, mode);
  }
}
