/** Which rules of nbformat 4 apply: cell ids exist from 4.5 on; later minors may add properties that we keep. */
export interface SchemaOptions {
  ids: boolean;
  extraProperties: boolean;
}

const multiline = { type: ["string", "array"], items: { type: "string" } };
const object = { type: "object" };
const count = { type: ["integer", "null"], minimum: 0 };
const mimeBundle = {
  type: "object",
  patternProperties: { "^application/(.*\\+)?json$": {} },
  additionalProperties: { anyOf: [multiline, object, { type: ["array", "number", "boolean", "null"] }] },
};
const metadata = {
  type: "object",
  properties: {
    tags: { type: "array", items: { type: "string", pattern: "^[^,]+$" } },
    name: { type: "string", minLength: 1 },
    jupyter: object,
    execution: object,
  },
};

function record(options: SchemaOptions, fields: Record<string, unknown>, optional: readonly string[] = []): Record<string, unknown> {
  return {
    type: "object",
    properties: fields,
    required: Object.keys(fields).filter((name) => !optional.includes(name)),
    additionalProperties: options.extraProperties,
  };
}

function union(tag: string, members: readonly Record<string, unknown>[]): Record<string, unknown> {
  return { type: "object", required: [tag], discriminator: { propertyName: tag }, oneOf: members };
}

function outputSchema(options: SchemaOptions): Record<string, unknown> {
  const shown = { data: mimeBundle, metadata: object };
  return union("output_type", [
    record(options, { output_type: { const: "stream" }, name: { type: "string" }, text: multiline }),
    record(options, { output_type: { const: "display_data" }, ...shown }),
    record(options, { output_type: { const: "execute_result" }, ...shown, execution_count: count }),
    record(options, {
      output_type: { const: "error" },
      ename: { type: "string" },
      evalue: { type: "string" },
      traceback: { type: "array", items: { type: "string" } },
    }),
  ]);
}

function cellSchema(options: SchemaOptions): Record<string, unknown> {
  const id = { type: "string", pattern: "^[a-zA-Z0-9-_]+$", minLength: 1, maxLength: 64 };
  const common = { ...(options.ids ? { id } : {}), metadata, source: multiline };
  const attachments = { type: "object", additionalProperties: mimeBundle };
  const outputs = { type: "array", items: outputSchema(options) };
  return union("cell_type", [
    record(options, { cell_type: { const: "code" }, ...common, outputs, execution_count: count }),
    record(options, { cell_type: { const: "markdown" }, ...common, attachments }, ["attachments"]),
    record(options, { cell_type: { const: "raw" }, ...common, attachments }, ["attachments"]),
  ]);
}

/** JSON Schema of a notebook file (nbformat 4, https://nbformat.readthedocs.io/en/latest/format_description.html). */
export function notebookSchema(options: SchemaOptions): Record<string, unknown> {
  return record(options, {
    nbformat: { const: 4 },
    nbformat_minor: { type: "integer", minimum: 0 },
    metadata: {
      type: "object",
      properties: {
        kernelspec: { type: "object", properties: { name: { type: "string" }, display_name: { type: "string" } } },
        language_info: { type: "object", properties: { name: { type: "string" } } },
      },
    },
    cells: { type: "array", items: cellSchema(options) },
  });
}
