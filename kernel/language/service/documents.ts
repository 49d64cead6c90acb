import type TS from "typescript";
import { ts } from "./typescript.ts";

type Parsed = { readonly file: TS.SourceFile; readonly version: string; readonly format: TS.ResolutionMode };

/** Packages' files are as they are until some are installed; all others may change at any time. */
export const isPackageFile = (path: string): boolean => path.includes("/node_modules/");

/**
 * The parsed files of one folder's notebooks, each parsed once per version.
 *
 * Beside TypeScript's own registry this one costs nothing for an unchanged file, of which every check has two hundred,
 * and leaves out the documentation comments of packages (half of Node's declarations) until somebody asks for them.
 */
export class Documents implements TS.DocumentRegistry {
  readonly #parsed = new Map<string, Parsed>();
  readonly #documented = new Set<string>();

  /** Whether a file is parsed with its documentation. */
  isDocumented(path: string): boolean {
    return !isPackageFile(path) || this.#documented.has(path);
  }

  /** Gives a package's file its documentation, at the next program. */
  document(path: string): void {
    this.#documented.add(path);
  }

  acquireDocumentWithKey = (
    fileName: string, path: TS.Path, _settings: unknown, _key: TS.DocumentRegistryBucketKey, snapshot: TS.IScriptSnapshot,
    version: string, kind?: TS.ScriptKind, options: TS.CreateSourceFileOptions | TS.ScriptTarget = ts.ScriptTarget.ESNext,
  ): TS.SourceFile => {
    const wanted = typeof options === "object" ? options : { languageVersion: options };
    const known = this.#parsed.get(path);
    if (known?.version === version && known.format === wanted.impliedNodeFormat) return known.file;
    const jsDocParsingMode = this.isDocumented(fileName) ? ts.JSDocParsingMode.ParseAll : ts.JSDocParsingMode.ParseForTypeInfo;
    const file = ts.createLanguageServiceSourceFile(fileName, snapshot, { ...wanted, jsDocParsingMode }, version, false, kind);
    this.#parsed.set(path, { file, version, format: wanted.impliedNodeFormat });
    return file;
  };

  updateDocumentWithKey = this.acquireDocumentWithKey;

  /** Forgets a file that no program has any more; packages come back too often for that. */
  releaseDocumentWithKey = (path: TS.Path): void => {
    if (!isPackageFile(path)) this.#parsed.delete(path);
  };

  acquireDocument = (fileName: string, ...rest: [settings: unknown, snapshot: TS.IScriptSnapshot, version: string, kind?: TS.ScriptKind, options?: TS.CreateSourceFileOptions | TS.ScriptTarget]): TS.SourceFile =>
    this.acquireDocumentWithKey(fileName, fileName as TS.Path, rest[0], oneKey, rest[1], rest[2], rest[3], rest[4]);

  updateDocument = this.acquireDocument;
  releaseDocument = (fileName: string): void => this.releaseDocumentWithKey(fileName as TS.Path);
  getKeyForCompilationSettings = (): TS.DocumentRegistryBucketKey => oneKey;
  reportStats = (): string => JSON.stringify({ files: this.#parsed.size, documented: this.#documented.size });
}

/** All notebooks are checked with the same settings. */
const oneKey = "potstill" as TS.DocumentRegistryBucketKey;
