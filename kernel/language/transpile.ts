import type ts from "typescript";
import type { CellNames } from "./cell-names.ts";
import { Emitter } from "./emitter.ts";
import { jsxImports } from "./jsx-imports.ts";
import { withoutMagics } from "./magics.ts";
import { moduleToCell } from "./module-to-cell.ts";
import { relaxBindings } from "./relax-bindings.ts";
import { shadowGlobals } from "./shadowed-globals.ts";
import { loadTypeScript } from "./typescript.ts";
import type { TypeScript } from "./typescript.ts";

/** A cell or module compiled to JavaScript, with the source map that leads back to its TypeScript. */
export interface Compiled {
  readonly code: string;
  readonly map: string;
}

/** A compiled cell. */
export interface CompiledCell extends Compiled {
  readonly names: CellNames;
  /** The settings with which it was compiled. */
  readonly emit: EmitOptions;
  /** Global names that it took for those of earlier cells. */
  readonly shadowed: readonly string[];
}

/** A cell that does not parse. Position 1-based. */
export class CellSyntaxError extends Error {
  override name = "SyntaxError";
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;

  constructor(message: string, at: { line: number; column: number; endColumn: number }) {
    super(message);
    this.line = at.line;
    this.column = at.column;
    this.endColumn = at.endColumn;
  }
}

/** The settings of a tsconfig that change what code does. */
export type EmitOptions = Pick<
  ts.CompilerOptions,
  "experimentalDecorators" | "emitDecoratorMetadata" | "jsx" | "jsxFactory" | "jsxFragmentFactory" | "jsxImportSource" | "useDefineForClassFields"
>;

/** How a cell is compiled. */
export interface CellOptions {
  /** Names the cell's waits, so that an abandoned cell can be told from a running one. */
  readonly id: number;
  /** Whether `<Tag/>` is an element and `<T>value` is not a type assertion. */
  readonly tsx?: boolean;
  /** Of a tsconfig, only {@link EmitOptions} count. */
  readonly compilerOptions?: ts.CompilerOptions;
  /** See {@link RewriteOptions.carriesContext}. */
  readonly carriesContext?: boolean;
  /** Constants of earlier cells; only needed for cells that assign such names. */
  readonly constants?: ReadonlySet<string>;
  /** Imported names that follow a module's variable. */
  readonly live?: ReadonlySet<string>;
  /** Global names that earlier cells have declared for cells; only needed for cells that mention them. */
  readonly shadowed?: ReadonlySet<string>;
}

const nothing: ReadonlySet<string> = new Set();

/**
 * Compiles a cell to a script for V8's REPL mode: imports become awaited calls, the last expression becomes the
 * result, and all top-level declarations become re-declarable. Throws {@link CellSyntaxError}.
 */
export function compileCell(source: string, options: CellOptions): CompiledCell {
  const { id, tsx = false, compilerOptions = {}, carriesContext = false, constants = nothing, live = nothing, shadowed = nothing } = options;
  const ts = loadTypeScript();
  let names: CellNames = { constants: [], variables: [], assigned: [], imports: [], live: [] };
  const rewrite = moduleToCell(ts, { cell: id, carriesContext, constants, live, report: (found) => { names = found; } });
  const transformers = { before: [shadowGlobals(ts, shadowed), rewrite], after: [relaxBindings(ts), jsxImports(ts, id)] };
  const emit = emitOptions(compilerOptions);
  const compiled = compile(withoutMagics(source), { fileName: tsx ? "cell.tsx" : "cell.ts", transformers, options: emit });
  return { ...compiled, code: withoutGlobalHelpers(compiled.code), names, emit, shadowed: [...shadowed] };
}

/** TypeScript's helper functions, for decorators and `using`, must not become properties of `globalThis`. No column changes. */
function withoutGlobalHelpers(code: string): string {
  return code.replace(/^var (__\w+) = (?=\(this && this\.\1\))/gm, "let $1 = ");
}

/** Compiles an imported TypeScript file to an ES module (or to CommonJS when it is one). Throws {@link CellSyntaxError}. */
export function compileModule(source: string, fileName: string, format: "module" | "commonjs", compilerOptions: ts.CompilerOptions = {}): Compiled {
  return compile(source, { fileName, format, options: emitOptions(compilerOptions) });
}

function emitOptions(options: ts.CompilerOptions): EmitOptions {
  const { experimentalDecorators, emitDecoratorMetadata, jsx, jsxFactory, jsxFragmentFactory, jsxImportSource, useDefineForClassFields } = options;
  const chosen = { experimentalDecorators, emitDecoratorMetadata, jsx, jsxFactory, jsxFragmentFactory, jsxImportSource, useDefineForClassFields };
  // V8 must get JavaScript: where a bundler would be handed JSX, it becomes calls.
  const { Preserve, ReactNative, React, ReactJSX } = loadTypeScript().JsxEmit;
  if (jsx === Preserve || jsx === ReactNative) chosen.jsx = jsxImportSource === undefined ? React : ReactJSX;
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

/**
 * Compiles what somebody types while they debug, without the rewriting that cells get. What can be an expression is one,
 * so `{ a: 1 }` is an object. Throws {@link CellSyntaxError}.
 */
export function compileExpression(source: string): { readonly code: string; readonly isExpression: boolean } {
  const bare = source.trim().replace(/;+$/, "");
  try {
    return { code: stripTypes(`(${bare}\n)`), isExpression: true };
  } catch {
    return { code: stripTypes(source), isExpression: false };
  }
}

function stripTypes(source: string): string {
  const ts = loadTypeScript();
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleDetection: ts.ModuleDetectionKind.Legacy };
  const output = ts.transpileModule(source, { reportDiagnostics: true, compilerOptions });
  const error = output.diagnostics?.find(({ category }) => category === ts.DiagnosticCategory.Error);
  if (error) throw syntaxError(ts, error);
  return output.outputText.replace(/^"use strict";\s*/, "");
}

interface CompileRequest {
  readonly fileName: string;
  readonly options: EmitOptions;
  readonly transformers?: ts.CustomTransformers;
  readonly format?: "module" | "commonjs";
}

let emitter: Emitter | undefined;

function compile(source: string, { fileName, options, transformers, format = "module" }: CompileRequest): Compiled {
  const ts = loadTypeScript();
  const compilerOptions: ts.CompilerOptions = {
    jsx: ts.JsxEmit.React,
    ...options,
    target: ts.ScriptTarget.ES2022,
    module: format === "module" ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
    moduleDetection: ts.ModuleDetectionKind.Force,
    // Modules drop imports that are only types, as isolated compilers do; a cell's imports are kept by its transformer.
    verbatimModuleSyntax: false,
    esModuleInterop: true,
    isolatedModules: true,
    sourceMap: true,
    removeComments: false,
  };
  // Cells come one after another, all by the same name; imported files come once.
  const output = transformers
    ? (emitter ??= new Emitter(ts)).transpile(source, { fileName, compilerOptions, transformers })
    : ts.transpileModule(source, { fileName, reportDiagnostics: true, compilerOptions });
  const error = output.diagnostics?.find((diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error);
  if (error) throw syntaxError(ts, error);
  return { code: output.outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"), map: output.sourceMapText ?? "" };
}

function syntaxError(ts: TypeScript, diagnostic: ts.Diagnostic): CellSyntaxError {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  if (diagnostic.file === undefined || diagnostic.start === undefined) return new CellSyntaxError(message, { line: 1, column: 1, endColumn: 2 });
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  const column = character + 1;
  return new CellSyntaxError(message, { line: line + 1, column, endColumn: column + Math.max(1, diagnostic.length ?? 1) });
}
