import { pathToFileURL } from "node:url";
import { builtFile } from "../display/built-file.ts";

/**
 * Modules that cells always get from the running kernel, whatever is installed beside the notebook: another copy could
 * not reach this kernel. `tslab` is the real tslab's interface, so that its notebooks run here.
 */
const files: ReadonlyMap<string, string> = new Map([
  ["potstill/notebook", "notebook-api"],
  ["potstill/widgets", "widgets/index"],
  ["potstill/tslab", "tslab/index"],
  ["tslab", "tslab/index"],
]);

/** Where in `kernel/` such a module is, without ending; undefined for all other specifiers. */
export function ownModuleFile(specifier: string): string | undefined {
  return files.get(specifier);
}

/** The absolute path of the running kernel's file for such a specifier. */
export function ownModulePath(specifier: string): string | undefined {
  const file = files.get(specifier);
  return file === undefined ? undefined : builtFile(import.meta.url, `../${file}`);
}

/** The same as a `file:` URL. */
export function ownModule(specifier: string): string | undefined {
  const path = ownModulePath(specifier);
  return path === undefined ? undefined : pathToFileURL(path).href;
}

/** `require` that gives the kernel's own modules for their names, and everything else as the original does. */
export function withOwnModules(require: NodeJS.Require): NodeJS.Require {
  const own = ((specifier: string): unknown => require(ownModulePath(specifier) ?? specifier)) as NodeJS.Require;
  const resolve = Object.assign((specifier: string, options?: { paths?: string[] }) => ownModulePath(specifier) ?? require.resolve(specifier, options), { paths: (request: string) => require.resolve.paths(request) });
  return Object.assign(own, { cache: require.cache, extensions: require.extensions, main: require.main, resolve });
}
