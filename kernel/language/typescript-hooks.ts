// Module hooks for Node 20, which runs them in a thread of their own (see typescript-modules.ts).
import type { LoadHook, ResolveHook } from "node:module";
import { ownModule } from "./own-modules.ts";
import { isTypeScript, loadTypeScriptFile } from "./typescript-files.ts";
import { mappedFrom, redirect } from "./typescript-modules.ts";

export const resolve: ResolveHook = async (specifier, context, next) => {
  const instead = ownModule(specifier) ?? mappedFrom(specifier, context.parentURL);
  if (instead !== undefined) return next(instead, context);
  try {
    return await next(specifier, context);
  } catch (error) {
    const found = redirect(specifier, context.parentURL);
    if (found === undefined) throw error;
    return next(found, context);
  }
};

export const load: LoadHook = async (url, context, next) => (isTypeScript(url) ? { ...loadTypeScriptFile(url), shortCircuit: true } : next(url, context));
