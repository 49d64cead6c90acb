import type ts from "typescript";
import type { TypeScript } from "./typescript.ts";

/** What the binder leaves at nodes, which TypeScript's public types leave out. */
interface Bound {
  readonly locals?: ReadonlyMap<string, unknown>;
  readonly symbol?: { readonly exports?: ReadonlyMap<string, unknown> };
}

/** Whether a function, class or block around a name declares it, so that it is none of the cell's top level. */
export function isLocal(ts: TypeScript, { text, parent }: ts.Identifier): boolean {
  for (let node: ts.Node = parent; node !== undefined && !ts.isSourceFile(node); node = node.parent) {
    const { locals, symbol } = node as unknown as Bound;
    if (locals?.has(text) || (ts.isModuleBlock(node) && (node.parent as unknown as Bound).symbol?.exports?.has(text))) return true;
    if ((ts.isFunctionExpression(node) || ts.isClassExpression(node)) && symbol !== undefined && node.name?.text === text) return true;
  }
  return false;
}
