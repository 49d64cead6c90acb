import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type ts from "typescript";
import type { PathMapping } from "./path-mapping.ts";
import { loadTypeScript } from "./typescript.ts";

/** What the tsconfig.json of a folder says about the code in it. */
export interface Project {
  /** The options that a notebook honours. */
  readonly options: ts.CompilerOptions;
  /** Whether cells are TSX: `jsx` is set. */
  readonly tsx: boolean;
  readonly paths: PathMapping | undefined;
  /** The files it was read from, `extends` included. */
  readonly files: readonly string[];
  /** What is wrong with these files; what is right of them is honoured all the same. */
  readonly problems: readonly string[];
}

/**
 * Options that say how strictly code is checked, which libraries and packages it sees, and what decorators and elements
 * mean. The others concern files that are written, or contradict what a notebook is (unused names, the module kind).
 */
const honoured: readonly string[] = [
  "strict", "alwaysStrict", "noImplicitAny", "noImplicitThis", "strictNullChecks", "strictFunctionTypes", "strictBindCallApply",
  "strictPropertyInitialization", "strictBuiltinIteratorReturn", "useUnknownInCatchVariables", "exactOptionalPropertyTypes",
  "noUncheckedIndexedAccess", "noImplicitReturns", "noImplicitOverride", "noFallthroughCasesInSwitch", "noPropertyAccessFromIndexSignature",
  "lib", "types", "typeRoots", "paths", "pathsBasePath", "baseUrl", "rootDirs", "moduleSuffixes", "customConditions", "preserveSymlinks",
  "allowJs", "checkJs", "maxNodeModuleJsDepth", "resolveJsonModule", "allowArbitraryExtensions", "esModuleInterop", "allowSyntheticDefaultImports",
  "jsx", "jsxFactory", "jsxFragmentFactory", "jsxImportSource", "experimentalDecorators", "emitDecoratorMetadata", "useDefineForClassFields",
  "configFilePath",
];

/** The settings of a folder without a tsconfig.json. */
export const noProject: Project = { options: {}, tsx: false, paths: undefined, files: [], problems: [] };

/** The nearest tsconfig.json at or above a folder, as `tsc` finds it. */
export function findConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "tsconfig.json");
    if (existsSync(file)) return file;
    if (dirname(at) === at) return undefined;
  }
}

/** Reads the tsconfig.json that is in charge of a folder. Never throws: what cannot be read is among the problems. */
export function readProject(folder: string): Project {
  const file = findConfig(folder);
  if (file === undefined) return noProject;
  const ts = loadTypeScript();
  const source = ts.readJsonConfigFile(file, ts.sys.readFile.bind(ts.sys)) as ts.TsConfigSourceFile & { parseDiagnostics: readonly ts.Diagnostic[] };
  const broken = source.parseDiagnostics.map((each) => problem(each, folder));
  if (broken.length > 0) return { ...noProject, files: [file], problems: broken.slice(0, 1).map((text) => `${text} The file is ignored.`) };
  const parsed = ts.parseJsonSourceFileConfigFileContent(source, noFiles(ts), dirname(file), undefined, file);
  const options = notebookOptions(parsed.options, ts);
  return {
    options,
    tsx: parsed.options.jsx !== undefined && parsed.options.jsx !== ts.JsxEmit.None,
    paths: pathMapping(parsed.options),
    files: [file, ...(source.extendedSourceFiles ?? [])],
    problems: parsed.errors.filter(({ code }) => !aboutFiles.has(code)).map((each) => problem(each, folder)),
  };
}

/** "No inputs were found" and "the files list is empty": notebooks are no inputs. */
const aboutFiles: ReadonlySet<number> = new Set([18002, 18003]);

/** Only the options are of interest, not the project's files. */
const noFiles = ({ sys }: typeof ts): ts.ParseConfigHost =>
  ({ useCaseSensitiveFileNames: sys.useCaseSensitiveFileNames, fileExists: (path) => sys.fileExists(path), readFile: (path) => sys.readFile(path), readDirectory: () => [] });

function notebookOptions(all: ts.CompilerOptions, { JsxEmit }: typeof ts): ts.CompilerOptions {
  const options = Object.fromEntries(Object.entries(all).filter(([name, value]) => honoured.includes(name) && value !== undefined)) as ts.CompilerOptions;
  // A bundler would turn preserved elements into calls; cells run as they are.
  if (options.jsx === JsxEmit.Preserve || options.jsx === JsxEmit.ReactNative) options.jsx = all.jsxFactory === undefined ? JsxEmit.ReactJSX : JsxEmit.React;
  if (options.jsx === JsxEmit.ReactJSXDev) options.jsx = JsxEmit.ReactJSX;
  return options;
}

/** `paths`, and `baseUrl` where TypeScript still takes it: names are looked up there last. */
function pathMapping({ paths, baseUrl, pathsBasePath }: ts.CompilerOptions): PathMapping | undefined {
  if (paths === undefined && baseUrl === undefined) return undefined;
  const base = baseUrl ?? (pathsBasePath as string);
  return { base, patterns: [...Object.entries(paths ?? {}), ...(baseUrl === undefined ? [] : [["*", ["*"]] as [string, string[]]])] };
}

function problem({ file, start, messageText, code }: ts.Diagnostic, folder: string): string {
  const ts = loadTypeScript();
  const text = ts.flattenDiagnosticMessageText(messageText, "\n");
  if (file === undefined) return `tsconfig.json: TS${code}: ${text}`;
  const { line, character } = ts.getLineAndCharacterOfPosition(file, start ?? 0);
  return `${relative(folder, file.fileName) || file.fileName}:${line + 1}:${character + 1}: TS${code}: ${text}`;
}

interface Known { readonly stamp: string; readonly project: Project }
const known = new Map<string, Known>();

/** {@link readProject}, read again only when one of its files changes. */
export function projectOf(folder: string): Project {
  const before = known.get(folder);
  if (before?.stamp === stampOf(folder, before?.project.files ?? [])) return before.project;
  const project = readProject(folder);
  known.set(folder, { project, stamp: stampOf(folder, project.files) });
  return project;
}

/** Changes whenever {@link readProject} might answer otherwise. Cheap: it is asked before every cell. */
export function stampOf(folder: string, files: readonly string[]): string {
  const found = findConfig(folder);
  if (found === undefined) return "";
  return [found, ...files].map((file) => `${file}@${statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0}`).join("\n");
}
