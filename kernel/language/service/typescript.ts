import { createRequire } from "node:module";
import type TypeScript from "typescript";

/**
 * TypeScript's JavaScript API. Loaded by `require`: an `import` of this 9 MB CommonJS file makes Node search it for
 * export names first, which takes twice as long as loading it.
 */
export const ts = createRequire(import.meta.url)("typescript") as typeof TypeScript;
