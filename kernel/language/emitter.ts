import type ts from "typescript";
import type { TypeScript } from "./typescript.ts";

/** Like `ts.TranspileOptions`, as the kernel uses them. */
export interface EmitRequest {
  readonly fileName: string;
  readonly compilerOptions: ts.CompilerOptions;
  readonly transformers: ts.CustomTransformers;
}

/** What TypeScript has at run time and does not declare. */
interface Internals {
  readonly bindSourceFile?: (file: ts.SourceFile, options: ts.CompilerOptions) => void;
  readonly getSetExternalModuleIndicator?: (options: ts.CompilerOptions) => (file: ts.SourceFile) => void;
}
type Parsed = ts.SourceFile & { readonly parseDiagnostics: readonly ts.DiagnosticWithLocation[] };

/** How many texts one program takes: what it remembers of them is never forgotten. */
const mostTexts = 300;
/** How many programs are kept, of different names and options. */
const mostPrograms = 4;

/**
 * Transpiles cells as `ts.transpileModule` does, to the same output, in a fraction of the time: that makes a program and
 * a checker for every text, while here those of the first one are used for all texts with the same name and options.
 */
export class Emitter {
  readonly #ts: TypeScript;
  readonly #programs = new Map<string, EmittingProgram>();

  constructor(typescript: TypeScript) {
    this.#ts = typescript;
  }

  transpile(source: string, request: EmitRequest): ts.TranspileOutput {
    const key = `${request.fileName}\n${JSON.stringify(request.compilerOptions)}`;
    const known = this.#programs.get(key);
    if (known && known.texts < mostTexts) return known.transpile(source, request.transformers);
    if (this.#programs.size >= mostPrograms) this.#programs.clear();
    const made = EmittingProgram.make(this.#ts, request);
    if (made === undefined) return this.#ts.transpileModule(source, { ...request, reportDiagnostics: true });
    this.#programs.set(key, made);
    return made.transpile(source, request.transformers);
  }
}

class EmittingProgram {
  /** How many texts it has transpiled. */
  texts = 0;
  readonly #ts: TypeScript;
  readonly #fileName: string;
  readonly #options: ts.CompilerOptions;
  readonly #format: ts.ResolutionMode;
  readonly #program: ts.Program;

  /** Undefined where TypeScript lacks what it takes, or has something to say about the options. */
  static make(typescript: TypeScript, request: EmitRequest): EmittingProgram | undefined {
    const { bindSourceFile, getSetExternalModuleIndicator } = typescript as unknown as Internals;
    if (!bindSourceFile || !getSetExternalModuleIndicator) return undefined;
    const made = new EmittingProgram(typescript, request);
    return made.#program.getOptionsDiagnostics().length === 0 && made.#program.getSourceFiles().length === 1 ? made : undefined;
  }

  private constructor(typescript: TypeScript, { fileName, compilerOptions }: EmitRequest) {
    this.#ts = typescript;
    this.#fileName = fileName;
    const seen = asTranspiled(typescript, fileName, compilerOptions);
    this.#options = seen.options;
    this.#format = seen.format;
    this.#program = typescript.createProgram([fileName], this.#options, this.#host());
  }

  transpile(text: string, transformers: ts.CustomTransformers): ts.TranspileOutput {
    const { bindSourceFile } = this.#ts as unknown as Required<Internals>;
    this.texts++;
    const file = this.#parse(text);
    const files = this.#program.getSourceFiles() as ts.SourceFile[];
    const { path, resolvedPath, originalFileName } = files[0] as unknown as Record<"path" | "resolvedPath" | "originalFileName", string>;
    Object.assign(file, { path, resolvedPath, originalFileName, imports: [], moduleAugmentations: [], ambientModuleNames: [] });
    files[0] = file;
    bindSourceFile(file, this.#options);
    const written = { outputText: "", sourceMapText: "" };
    const write = (name: string, content: string): void => { written[name.endsWith(".map") ? "sourceMapText" : "outputText"] = content; };
    const { diagnostics } = this.#program.emit(undefined, write, undefined, undefined, transformers);
    return { ...written, diagnostics: [...file.parseDiagnostics, ...diagnostics] };
  }

  #parse(text: string): Parsed {
    const { getSetExternalModuleIndicator } = this.#ts as unknown as Required<Internals>;
    return this.#ts.createSourceFile(this.#fileName, text, {
      languageVersion: this.#options.target ?? this.#ts.ScriptTarget.ESNext,
      impliedNodeFormat: this.#format,
      setExternalModuleIndicator: getSetExternalModuleIndicator(this.#options),
    }) as Parsed;
  }

  #host(): ts.CompilerHost {
    return {
      getSourceFile: (name) => (name === this.#fileName ? this.#parse("") : undefined),
      writeFile: () => undefined,
      getDefaultLibFileName: () => "lib.d.ts",
      useCaseSensitiveFileNames: () => false,
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => "",
      getNewLine: () => "\n",
      fileExists: (name) => name === this.#fileName,
      readFile: () => "",
      directoryExists: () => true,
      getDirectories: () => [],
    };
  }
}

/** The options that `ts.transpileModule` makes of one's own, and the module format that it finds for the file. */
function asTranspiled({ transpileModule }: TypeScript, fileName: string, compilerOptions: ts.CompilerOptions): { options: ts.CompilerOptions; format: ts.ResolutionMode } {
  let options = compilerOptions;
  let format: ts.ResolutionMode;
  const look: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
    options = context.getCompilerOptions();
    format = file.impliedNodeFormat;
    return file;
  };
  transpileModule("", { fileName, compilerOptions, transformers: { before: [look] } });
  return { options, format };
}
