// Module hooks for Node 20, which runs them in a thread of their own (see typescript-modules.ts).
import type { LoadHook, ResolveHook } from "node:module";
import { isTypeScript, loadTypeScriptFile } from "./typescript-files.ts";
import { redirect } from "./typescript-modules.ts";

export const resolve: ResolveHook = (specifier, context, next) => next(redirect(specifier, context.parentURL), context);

export const load: LoadHook = async (url, context, next) => (isTypeScript(url) ? { ...loadTypeScriptFile(url), shortCircuit: true } : next(url, context));
