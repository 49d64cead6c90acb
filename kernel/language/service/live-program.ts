import type TS from "typescript";
import { ts } from "./typescript.ts";
import { descendants } from "./cell-syntax.ts";

/** What TypeScript has at run time and does not declare. */
type Internals = {
  readonly createTypeChecker?: (host: TS.Program) => LiveChecker;
  readonly bindSourceFile?: (file: TS.SourceFile, options: TS.CompilerOptions) => void;
  readonly getSetExternalModuleIndicator?: (options: TS.CompilerOptions) => (file: TS.SourceFile) => void;
  readonly toPath?: (fileName: string, base: string, canonical: (path: string) => string) => TS.Path;
};
type LiveChecker = TS.TypeChecker & { getDiagnostics(file: TS.SourceFile): readonly TS.Diagnostic[] };
type Resolution = TS.ResolvedModuleWithFailedLookupLocations;

/** A source file with what TypeScript keeps in it for itself. */
type LiveFile = TS.SourceFile & {
  readonly commentDirectives?: readonly unknown[];
  readonly checkJsDirective?: unknown;
  readonly pragmas?: ReadonlyMap<string, unknown>;
  readonly bindDiagnostics?: readonly TS.Diagnostic[];
  readonly version?: string;
};

/** What a live program asks of the notebook. */
export type LiveHost = Pick<Required<TS.LanguageServiceHost>, "resolveModuleNameLiterals" | "getScriptVersion" | "useCaseSensitiveFileNames"> & {
  /** Whether a file may change while the kernel runs. */
  readonly mayChange: (path: string) => boolean;
};

const { createTypeChecker, bindSourceFile, getSetExternalModuleIndicator, toPath } = ts as unknown as Internals;

/**
 * A program, and one checker for it, to which modules are added as a notebook's cells come.
 *
 * TypeScript's language service makes a program and a checker for every change of a file; that a cell is a module that
 * nothing else depends on allows to keep both, with every type that has been worked out so far. Modules that bring more
 * than themselves (files that are not read yet, declarations for all) are refused: they need another program.
 */
export class LiveProgram {
  /** The program as services see it, added modules included. */
  readonly program: TS.Program;
  readonly #base: TS.Program;
  readonly #host: LiveHost;
  readonly #checker: LiveChecker;
  readonly #files = new Map<string, TS.SourceFile>();
  readonly #resolutions = new Map<string, ReadonlyMap<string, Resolution>>();
  readonly #changing: readonly LiveFile[];

  /** Undefined where TypeScript lacks what this is made of. */
  static over(base: TS.Program, host: LiveHost): LiveProgram | undefined {
    return createTypeChecker && bindSourceFile && getSetExternalModuleIndicator && toPath ? new LiveProgram(base, host) : undefined;
  }

  private constructor(base: TS.Program, host: LiveHost) {
    this.#base = base;
    this.#host = host;
    this.#changing = base.getSourceFiles().filter(({ fileName }) => host.mayChange(fileName));
    const { getResolvedModule: resolved } = base as unknown as { getResolvedModule: (...of: [TS.SourceFile, string, unknown]) => Resolution | undefined };
    const overlay = {
      getTypeChecker: () => this.#checker,
      getSourceFile: (name: string) => this.#files.get(name) ?? base.getSourceFile(name),
      getResolvedModule: (file: TS.SourceFile, name: string, mode: unknown) => this.#resolutions.get(file.fileName)?.get(name) ?? resolved(file, name, mode),
      getResolvedModuleFromModuleSpecifier: (specifier: TS.StringLiteralLike, file = specifier.getSourceFile()) => overlay.getResolvedModule(file, specifier.text, base.getModeForUsageLocation(file, specifier)),
    };
    this.program = { ...base, ...overlay };
    this.#checker = createTypeChecker!(this.program);
  }

  /** Whether all files are as they were when the program was made. */
  isUpToDate(): boolean {
    return this.#changing.every(({ fileName, version }) => this.#host.getScriptVersion(fileName) === version);
  }

  /** Adds a module; undefined when the program has not all that it needs. A path must not be used for two texts. */
  add(fileName: string, text: string): TS.SourceFile | undefined {
    const file = this.#parse(fileName, text);
    if (!standsAlone(file)) return undefined;
    const specifiers = moduleSpecifiers(file);
    const found = this.#host.resolveModuleNameLiterals(specifiers, fileName, undefined, this.#base.getCompilerOptions(), file, undefined);
    if (!found.every((resolution) => this.#has(resolution))) return undefined;
    Object.assign(file, { imports: specifiers, moduleAugmentations: [], ambientModuleNames: [] });
    this.#resolutions.set(fileName, new Map(specifiers.map(({ text: name }, i) => [name, found[i]])));
    this.#files.set(fileName, file);
    bindSourceFile!(file, this.#base.getCompilerOptions());
    return file;
  }

  remove({ fileName }: TS.SourceFile): void {
    this.#files.delete(fileName);
    this.#resolutions.delete(fileName);
  }

  /** What is wrong with an added module. */
  diagnostics(file: TS.SourceFile): readonly TS.Diagnostic[] {
    return [...((file as LiveFile).bindDiagnostics ?? []), ...this.#checker.getDiagnostics(file)];
  }

  #parse(fileName: string, text: string): LiveFile {
    const options = this.#base.getCompilerOptions();
    const file = ts.createSourceFile(fileName, text, {
      languageVersion: options.target ?? ts.ScriptTarget.ESNext,
      setExternalModuleIndicator: getSetExternalModuleIndicator!(options),
    }, true);
    const path = toPath!(fileName, this.#base.getCurrentDirectory(), (name) => (this.#host.useCaseSensitiveFileNames() ? name : name.toLowerCase()));
    return Object.assign(file, { path, resolvedPath: path, originalFileName: fileName });
  }

  /** Nothing is found in either kind of program; what is found must have been read. */
  #has({ resolvedModule }: Resolution): boolean {
    return resolvedModule === undefined || this.program.getSourceFile(resolvedModule.resolvedFileName) !== undefined;
  }
}

/** Whether a module means nothing to others that do not import it, and is to be taken as it stands. */
function standsAlone(file: LiveFile): boolean {
  const references = [file.referencedFiles, file.typeReferenceDirectives, file.libReferenceDirectives, file.amdDependencies, file.commentDirectives ?? []];
  if (references.some(({ length }) => length > 0) || file.checkJsDirective !== undefined || (file.pragmas?.size ?? 0) > 0) return false;
  return file.statements.every((statement) => !ts.isNamespaceExportDeclaration(statement) && !(ts.isModuleDeclaration(statement) && !isPlainNamespace(statement)));
}

const isPlainNamespace = ({ name }: TS.ModuleDeclaration): boolean => ts.isIdentifier(name) && name.text !== "global";

/** The names of all modules that a file mentions: in imports, exports, import types and calls. */
function moduleSpecifiers(file: TS.SourceFile): TS.StringLiteralLike[] {
  const found: TS.StringLiteralLike[] = [];
  for (const node of descendants(file)) {
    const name = specifierOf(node);
    if (name && ts.isStringLiteralLike(name)) found.push(name);
  }
  return found;
}

function specifierOf(node: TS.Node): TS.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments.at(0);
  return undefined;
}
