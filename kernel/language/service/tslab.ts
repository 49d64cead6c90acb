import type TS from "typescript";

/** How strictly tslab checks; its settings are fixed. */
const tslabOptions: TS.CompilerOptions = {
  noImplicitAny: false,
  noImplicitThis: false,
  strictNullChecks: false,
  strictFunctionTypes: false,
  strictBindCallApply: false,
  strictPropertyInitialization: false,
  useUnknownInCatchVariables: false,
};

/** Whether a cell imports tslab's interface, as its notebooks do. */
export const importsTslab = (code: string): boolean => /\b(?:from|import|require)\s*\(?\s*["']tslab["']/.test(code);

/** A project's options for a notebook that was written for tslab: as lenient as tslab where its tsconfig.json is silent. */
export const overTslab = (project: TS.CompilerOptions): TS.CompilerOptions => (project.strict === undefined ? { ...tslabOptions, ...project } : project);
