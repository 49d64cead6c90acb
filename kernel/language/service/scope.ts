import type { CellSyntax, Declaration } from "./cell-syntax.ts";

/** Where a visible name comes from: the module that declares it and what it is there. */
type Origin = { readonly module: string; readonly declaration: Declaration };
type Visible = { readonly value?: Origin; readonly type?: Origin };

/**
 * The names that the next cell sees. A name means what the last committed cell said, separately as a value and as a type;
 * declaring a value takes a class's or enum's type meaning away with it, since the two were one thing.
 */
export class NotebookScope {
  readonly #names = new Map<string, Visible>();

  /** Makes the names that a module exports visible without a cell (the cell API). */
  addGlobals(module: string, names: readonly string[]): void {
    for (const name of names) {
      const origin: Origin = { module, declaration: { name, kind: "import", type: true, value: true } };
      this.#names.set(name, { value: origin, type: origin });
    }
  }

  /** Adds a cell's declarations, which live in `module`. */
  commit(module: string, syntax: CellSyntax): void {
    for (const declaration of syntax.declarations.values()) {
      const origin: Origin = { module, declaration };
      const before = this.#names.get(declaration.name);
      this.#names.set(declaration.name, {
        value: declaration.value ? origin : before?.value,
        type: declaration.type ? origin : declaration.value ? standaloneType(before) : before?.type,
      });
    }
  }

  /** The modules that some visible name comes from. */
  modules(): ReadonlySet<string> {
    return new Set([...this.#names.values()].flatMap(({ value, type }) => [value?.module, type?.module]).filter((module) => module !== undefined));
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether the name is a constant that an earlier cell declared: a later cell may be run again with another value. */
  isConstant(name: string): boolean {
    return this.#names.get(name)?.value?.declaration.kind === "const";
  }

  /** One line of declarations that brings earlier names into a cell: all of them, or those that the cell mentions. */
  prelude(cell: CellSyntax, names: "used" | "all"): string {
    const wanted = names === "all" ? this.#names.keys() : [...cell.identifiers].filter((name) => this.#names.has(name));
    const lines: string[] = [];
    const imports = new Map<string, string[]>();
    for (const name of wanted) {
      for (const brought of bring(name, this.#names.get(name)!, cell.declarations.get(name))) {
        if (typeof brought === "string") lines.push(brought);
        else imports.set(brought.module, [...(imports.get(brought.module) ?? []), name]);
      }
    }
    // One import for all that comes from a module: names of the cell API are many.
    for (const [module, names] of imports) lines.push(`import { ${names.join(", ")} } from ${JSON.stringify(module)};`);
    return lines.join(" ");
  }
}

/** The type meaning that survives when a value of the same name is declared: interfaces and aliases do, classes do not. */
const standaloneType = (visible: Visible | undefined): Origin | undefined =>
  visible?.type?.declaration.ownType ? visible.type : undefined;

/** The declarations that bring a name into a cell, or the module that it is to be imported from. */
function* bring(name: string, visible: Visible, own: Declaration | undefined): Generator<string | { readonly module: string }> {
  const value = own?.value ? undefined : visible.value;
  const type = own?.type ? undefined : own?.value ? standaloneType(visible) : visible.type;
  if (value?.declaration.kind === "import" || type?.declaration.kind === "import") {
    if (own === undefined) yield (value ?? type)!.declaration.statement ?? { module: (value ?? type)!.module };
    return;
  }
  if (value !== undefined) yield* bringValue(name, value, own !== undefined || (type !== undefined && type.module !== value.module));
  if (type !== undefined && !(value?.module === type.module && importable(value.declaration))) yield bringType(name, type, value !== undefined || own?.value === true);
}

/** An import carries every meaning and keeps literal types as they are; only `let` must stay assignable. */
const importable = ({ kind }: Declaration): boolean => kind === "const" || kind === "entity";

function* bringValue(name: string, { module, declaration }: Origin, shared: boolean): Generator<string | { readonly module: string }> {
  if (importable(declaration) && !shared) yield { module };
  else yield `declare ${declaration.kind === "let" ? "let" : "const"} ${name}: typeof import(${JSON.stringify(module)}).${name};`;
}

function bringType(name: string, { module, declaration }: Origin, besideValue: boolean): string {
  if (besideValue && declaration.value) return `type ${name} = import(${JSON.stringify(module)}).${name};`;
  return `import type { ${name} } from ${JSON.stringify(module)};`;
}
