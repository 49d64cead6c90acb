import { asObject } from "../protocol/messages.ts";
import type { JsonObject } from "../protocol/messages.ts";

/** What is done about type errors: the cell is not run, they are shown and it is run, or they are not looked for. */
export type TypecheckMode = "error" | "warn" | "off";

/** How a cell is compiled and checked. */
export interface CellSettings {
  readonly typecheck: TypecheckMode;
  /** Whether `<Tag/>` is an element: the cell is TSX. */
  readonly tsx: boolean;
}

export const typecheckModes: readonly TypecheckMode[] = ["error", "warn", "off"];

const defaults: CellSettings = { typecheck: "error", tsx: false };

/** The mode that a word names; undefined for any other value. */
export const asTypecheckMode = (value: unknown): TypecheckMode | undefined => typecheckModes.find((mode) => mode === value);

const switchWords: Readonly<Record<string, boolean>> = { on: true, true: true, 1: true, off: false, false: false, 0: false };

/** What a switch is set to by `on`, `off`, `true`, `false`, `1`, `0` or a boolean; undefined for any other value. */
export function asSwitch(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : typeof value === "string" && Object.hasOwn(switchWords, value) ? switchWords[value] : undefined;
}

/** Where settings come from, the later before the earlier. */
const layers = ["tsconfig.json", "environment", "notebook", "magic"] as const;
export type Layer = (typeof layers)[number];

/** The kernel's settings in layers: each value is the last layer's that has one; a cell's own metadata and magics come last. */
export class Settings {
  readonly #layers = new Map<Layer, Partial<CellSettings>>();
  readonly #complaints = new Set<string>();
  #unheard: string[] = [];

  /** Settings as `POTSTILL_TYPECHECK` and `POTSTILL_TSX` say. */
  static fromEnvironment(env: NodeJS.ProcessEnv): Settings {
    const settings = new Settings();
    settings.set("environment", settings.parse({ typecheck: env.POTSTILL_TYPECHECK || undefined, tsx: env.POTSTILL_TSX || undefined }, { typecheck: "POTSTILL_TYPECHECK", tsx: "POTSTILL_TSX" }));
    return settings;
  }

  /** Replaces what a layer says. */
  set(layer: Layer, values: Partial<CellSettings>): void {
    this.#layers.set(layer, values);
  }

  /** Changes some of what a layer says. */
  change(layer: Layer, values: Partial<CellSettings>): void {
    this.#layers.set(layer, { ...this.#layers.get(layer), ...values });
  }

  /** The settings of a cell whose own metadata say `own`. */
  of(own: Partial<CellSettings> = {}): CellSettings {
    return Object.assign({}, defaults, ...layers.map((layer) => this.#layers.get(layer)), own) as CellSettings;
  }

  /** The settings in a message's or notebook's metadata: its `potstill` object. */
  fromMetadata(metadata: JsonObject, owner: string): Partial<CellSettings> {
    if (metadata.potstill === undefined) return {};
    const values = asObject(metadata.potstill);
    if (values === undefined) return this.#complain(`${owner}: potstill must be an object such as { "typecheck": "warn" }, received ${JSON.stringify(metadata.potstill)}.`);
    return this.parse(values, { typecheck: `${owner}: potstill.typecheck`, tsx: `${owner}: potstill.tsx` });
  }

  /** Settings from outside; values that are none are left out and complained of once. */
  parse(values: JsonObject, names: Record<keyof CellSettings, string>): Partial<CellSettings> {
    const typecheck = values.typecheck === undefined ? undefined : asTypecheckMode(values.typecheck);
    const tsx = values.tsx === undefined ? undefined : asSwitch(values.tsx);
    if (values.typecheck !== typecheck) this.#complain(`${names.typecheck} must be "error", "warn" or "off", received ${JSON.stringify(values.typecheck)}; it is ignored.`);
    if (values.tsx !== undefined && tsx === undefined) this.#complain(`${names.tsx} must be on or off, received ${JSON.stringify(values.tsx)}; it is ignored.`);
    return { ...(typecheck && { typecheck }), ...(tsx !== undefined && { tsx }) };
  }

  /** Keeps something that is wrong with the settings until it can be told. */
  complain(text: string): void {
    this.#complain(text);
  }

  /** What is wrong with the settings and was not told yet. */
  takeComplaints(): string[] {
    const complaints = this.#unheard;
    this.#unheard = [];
    return complaints;
  }

  #complain(text: string): Record<string, never> {
    if (!this.#complaints.has(text)) this.#unheard.push(text);
    this.#complaints.add(text);
    return {};
  }
}
