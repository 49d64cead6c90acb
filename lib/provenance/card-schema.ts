import { Ajv } from "ajv";

/** YAML of a model's card, as the hub's `model-index` has it. */
export interface CardMetadata {
  readonly license: string;
  readonly license_name?: string;
  readonly license_link?: string;
  readonly library_name: "potstill";
  readonly pipeline_tag: "object-detection";
  readonly tags: readonly string[];
  readonly "model-index": readonly {
    readonly name: string;
    readonly results: readonly CardResult[];
  }[];
}

export interface CardResult {
  readonly task: { readonly type: "object-detection"; readonly name: string };
  readonly dataset: { readonly type: string; readonly name: string; readonly revision: string; readonly args: { readonly images: number } };
  readonly metrics: readonly { readonly type: string; readonly name: string; readonly value: number; readonly verified: false }[];
}

const text = { type: "string", minLength: 1 } as const;

/** Our own schema of it (JSON Schema 2020-12): the hub has none to download. */
export const cardSchema = {
  $id: "https://potstill.invalid/model-card.schema.json",
  type: "object",
  required: ["license", "library_name", "pipeline_tag", "tags", "model-index"],
  additionalProperties: false,
  properties: {
    license: { type: "string", pattern: "^[a-z0-9][a-z0-9.+-]*$" },
    license_name: text,
    license_link: { type: "string", pattern: "^https?://" },
    library_name: { const: "potstill" },
    pipeline_tag: { const: "object-detection" },
    tags: { type: "array", minItems: 1, uniqueItems: true, items: text },
    "model-index": {
      type: "array", minItems: 1, maxItems: 1,
      items: {
        type: "object", required: ["name", "results"], additionalProperties: false,
        properties: {
          name: text,
          results: {
            type: "array",
            items: {
              type: "object", required: ["task", "dataset", "metrics"], additionalProperties: false,
              properties: {
                task: { type: "object", required: ["type", "name"], additionalProperties: false, properties: { type: { const: "object-detection" }, name: text } },
                dataset: {
                  type: "object", required: ["type", "name", "revision", "args"], additionalProperties: false,
                  properties: { type: { type: "string", pattern: "^[\\w.-]+$" }, name: text, revision: { type: "string", pattern: "^[0-9a-f]{64}$" }, args: { type: "object", required: ["images"], additionalProperties: false, properties: { images: { type: "integer", minimum: 1 } } } },
                },
                metrics: {
                  type: "array", minItems: 1,
                  items: { type: "object", required: ["type", "name", "value", "verified"], additionalProperties: false, properties: { type: text, name: text, value: { type: "number", minimum: 0, maximum: 100 }, verified: { const: false } } },
                },
              },
            },
          },
        },
      },
    },
  },
  allOf: [{ if: { properties: { license: { const: "other" } } }, then: { required: ["license_name"] } }],
} as const;

/** @throws Error naming what in a card's metadata is missing or impossible */
export function checkCardMetadata(metadata: unknown): asserts metadata is CardMetadata {
  const validate = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(cardSchema);
  if (validate(metadata)) return;
  throw new Error(`the model card's metadata: ${(validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath || "/"} ${message} ${JSON.stringify(params)}`).join("; ")}`);
}
