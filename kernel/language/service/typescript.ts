import { loadTypeScript } from "../typescript.ts";

/** TypeScript's JavaScript API. */
export const ts = loadTypeScript();
