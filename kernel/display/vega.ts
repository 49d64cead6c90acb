import { hasMethods, isObject, lookup } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";
import { Rich } from "./wrappers.ts";

export type Spec = Readonly<Record<string, unknown>>;

const schema = /\/schema\/(vega|vega-lite)\/v(\d+)(?:\.[\w.-]*)?\.json$/;
/** The newest versions that JupyterLab's renderers are named for; they draw newer specifications too. */
const newest = { vega: 5, "vega-lite": 5 } as const;

/** A Vega or Vega-Lite specification says so in `$schema`. */
export function isVegaSpec(value: unknown): value is Spec {
  const name = lookup(value, "$schema");
  return typeof name === "string" && schema.test(name);
}

/** What builds a specification, such as a chart of vega-lite-api. */
export const isVegaBuilder = (value: unknown): value is { toSpec(): unknown } => hasMethods(value, "toSpec", "toView");

export function vegaBundle(spec: Spec): MimeBundle {
  const found = schema.exec(String(spec.$schema));
  if (found === null) throw new TypeError(`$schema must be one of Vega's or Vega-Lite's, such as https://vega.github.io/schema/vega-lite/v5.json, received ${JSON.stringify(spec.$schema)}.`);
  const [, language, version] = found as unknown as [string, keyof typeof newest, string];
  const type = `application/vnd.${language.replace("-", "")}.v${Math.min(Number(version), newest[language])}+json`;
  return { [type]: JSON.parse(JSON.stringify(spec)) as unknown, "text/plain": describe(spec, language) };
}

/** @throws {TypeError} when the builder gives no specification */
export function builtVegaBundle(builder: { toSpec(): unknown }): MimeBundle {
  const spec = builder.toSpec();
  if (!isVegaSpec(spec)) throw new TypeError(`toSpec() must give a Vega or Vega-Lite specification with $schema, received ${isObject(spec) ? "an object without it" : typeof spec}.`);
  return vegaBundle(spec);
}

/** @throws {TypeError} when the value is neither a specification nor builds one */
export function vegaLiteOf(value: unknown): Rich {
  const spec: unknown = isVegaBuilder(value) ? value.toSpec() : value;
  if (!isObject(spec) || Array.isArray(spec) || !composed.some((part) => part in spec)) {
    throw new TypeError(`vegaLite needs a specification with one of ${composed.join(", ")}, received ${isObject(spec) ? `an object with ${Object.keys(spec).slice(0, 5).join(", ") || "nothing"}` : String(spec)}.`);
  }
  const data = vegaBundle({ $schema: "https://vega.github.io/schema/vega-lite/v5.json", ...spec });
  return new Rich({ data, metadata: {} }, data["text/plain"] as string);
}

/** What every Vega-Lite specification has one of. */
const composed = ["mark", "layer", "facet", "repeat", "hconcat", "vconcat", "concat", "spec"];

const units = ["layer", "hconcat", "vconcat", "concat"] as const;

/** `Vega-Lite bar chart "Yield", 12 rows of data`: the words for frontends that draw no charts. */
function describe(spec: Spec, language: keyof typeof newest): string {
  const mark = typeof spec.mark === "string" ? spec.mark : (spec.mark as { type?: string } | undefined)?.type;
  const title = typeof spec.title === "string" ? spec.title : (spec.title as { text?: unknown } | undefined)?.text;
  const parts = units.filter((unit) => Array.isArray(spec[unit])).map((unit) => `${(spec[unit] as unknown[]).length} × ${unit}`);
  const rows = (spec.data as { values?: unknown } | undefined)?.values;
  const kind = [language === "vega" ? "Vega" : "Vega-Lite", ...(mark === undefined ? [] : [mark]), "chart"].join(" ");
  const named = typeof title === "string" ? `${kind} ${JSON.stringify(title)}` : kind;
  return [named, ...parts, ...(Array.isArray(rows) ? [`${rows.length} ${rows.length === 1 ? "row" : "rows"} of data`] : [])].join(", ");
}
