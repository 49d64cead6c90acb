// Module hooks for Node 20, which runs them in a thread of their own (see typescript-modules.ts).
import type { InitializeHook, LoadHook, ResolveHook } from "node:module";
import type { MessagePort } from "node:worker_threads";
import { hearVersions } from "./module-versions.ts";
import { ownModule } from "./own-modules.ts";
import { isTypeScript, loadTypeScriptFile } from "./typescript-files.ts";
import { mappedFrom, present, redirect } from "./typescript-modules.ts";

export const initialize: InitializeHook<MessagePort> = hearVersions;

export const resolve: ResolveHook = async (specifier, context, next) => {
  const instead = ownModule(specifier) ?? mappedFrom(specifier, context.parentURL);
  if (instead !== undefined) return present(await next(instead, context), context);
  try {
    return present(await next(specifier, context), context);
  } catch (error) {
    const found = redirect(specifier, context.parentURL);
    if (found === undefined) throw error;
    return present(await next(found, context), context);
  }
};

export const load: LoadHook = async (url, context, next) => (isTypeScript(url) ? { ...loadTypeScriptFile(url), shortCircuit: true } : next(url, context));
