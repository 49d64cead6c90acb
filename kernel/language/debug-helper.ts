import { mimeBundle } from "../display/index.ts";
import type { Rendered } from "../display/mime.ts";
import { plainText } from "../display/plain-text.ts";
import { render } from "../display/render.ts";
import { defineForScripts } from "./evaluator.ts";
import { debugHelperName } from "./debug-helper-name.ts";
import type { CellSource } from "./traceback.ts";

/** What the main thread does for the debugger; called through V8's inspector, also while user code is paused. */
export interface DebugHelper {
  /** The cell that V8 knows by this id, when it has run. */
  cell(id: number): { readonly label: string; readonly source: string; readonly map: string } | undefined;
  /** What the user has put on `globalThis`, as property descriptors, so that no getter runs. */
  globals(): object;
  /** A value as a MIME bundle. */
  render(value: unknown): Promise<Rendered>;
  /** The same at once: values that need time are shown as text. */
  renderNow(value: unknown): Rendered;
  /** Gives the bindings of these names, as properties of one object. */
  bindings(read: Readonly<Record<string, () => unknown>>): object;
  /** A value on its way from a frame to the notebook's globals. */
  copied?: unknown;
}

/** Makes the helper reachable. To be called when all the kernel's own globals exist: what comes later is the user's. */
export function installDebugHelper(cellOf: (id: number) => CellSource | undefined): void {
  const builtIn = new Set(Object.getOwnPropertyNames(globalThis));
  const helper: DebugHelper = {
    cell(id) {
      const cell = cellOf(id);
      return cell && { label: cell.label, source: cell.source, map: cell.compiled.map };
    },
    globals: () => userGlobals(builtIn),
    render: mimeBundle,
    renderNow,
    bindings: readAll,
  };
  defineForScripts(debugHelperName, helper);
}

function userGlobals(builtIn: ReadonlySet<string>): object {
  const found: object = Object.create(null) as object;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    if (descriptor.enumerable && !builtIn.has(name) && !name.startsWith("__potstill")) Object.defineProperty(found, name, descriptor);
  }
  return found;
}

function readAll(read: Readonly<Record<string, () => unknown>>): object {
  const found = Object.create(null) as Record<string, unknown>;
  for (const [name, get] of Object.entries(read)) {
    try {
      found[name] = get();
    } catch {
      // Its declaration has not been reached.
    }
  }
  return found;
}

function renderNow(value: unknown): Rendered {
  const rendered = render(value);
  if (!(rendered instanceof Promise)) return rendered;
  rendered.catch(() => undefined);
  return { data: { "text/plain": plainText(value) }, metadata: {} };
}
