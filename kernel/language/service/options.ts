import type TS from "typescript";
import { ts } from "./typescript.ts";

/**
 * How cells are checked: strict, as modules of the newest language, resolved as a bundler would (a cell may import `.ts`
 * files, JSON and packages of either module system), and lenient where a notebook is rightly untidy (unused names).
 */
export const cellOptions: TS.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  lib: ["lib.esnext.d.ts"],
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  customConditions: ["node"],
  types: ["node"],
  strict: true,
  noUnusedLocals: false,
  noUnusedParameters: false,
  allowUnreachableCode: true,
  allowUnusedLabels: true,
  allowImportingTsExtensions: true,
  allowJs: true,
  checkJs: false,
  resolveJsonModule: true,
  skipLibCheck: true,
  noUncheckedSideEffectImports: false,
  useDefineForClassFields: true,
  jsx: ts.JsxEmit.React,
  noEmit: true,
};

/** The options of a notebook's tsconfig.json over the usual ones; what Node has stays, as cells run in it. */
export function withProject(own: TS.CompilerOptions): TS.CompilerOptions {
  const both = (usual: readonly string[], more: readonly string[] = []): string[] => [...new Set([...usual, ...more])];
  return { ...cellOptions, ...own, types: both(["node"], own.types), customConditions: both(["node"], own.customConditions) };
}

/**
 * Errors that are not a cell's fault:
 * 7016 a package without types is `any`, 7026 and so are elements without the types of a library for them; 7034 a `let` whose type grows over cells is known only at its uses; 7017 `globalThis` is where cells leave things on purpose.
 */
export const ignoredErrors: ReadonlySet<number> = new Set([7016, 7017, 7026, 7034]);

/** "Variable implicitly has an 'any' type", at its use: an earlier cell's variable without a type is `any`, and no error. */
export const implicitVariable = 7005;

/**
 * "These types have no overlap" (2367, and 2678 in `switch`): wrong about a constant of an earlier cell, which may be
 * run again with another value, as parameters are.
 */
export const overlapErrors: ReadonlySet<number> = new Set([2367, 2678]);
