/** The Croissant that is written. */
export const croissantVersion = "1.0";

/** The format's own context (specification 1.0, appendix 1), with the two terms that its reference implementation adds. */
export const context = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  sc: "https://schema.org/",
  cr: "http://mlcommons.org/croissant/",
  rai: "http://mlcommons.org/croissant/RAI/",
  dct: "http://purl.org/dc/terms/",
  citeAs: "cr:citeAs",
  column: "cr:column",
  conformsTo: "dct:conformsTo",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  equivalentProperty: "cr:equivalentProperty",
  examples: { "@id": "cr:examples", "@type": "@json" },
  extract: "cr:extract",
  field: "cr:field",
  fileProperty: "cr:fileProperty",
  fileObject: "cr:fileObject",
  fileSet: "cr:fileSet",
  format: "cr:format",
  includes: "cr:includes",
  isLiveDataset: "cr:isLiveDataset",
  jsonPath: "cr:jsonPath",
  key: "cr:key",
  md5: "cr:md5",
  parentField: "cr:parentField",
  path: "cr:path",
  recordSet: "cr:recordSet",
  references: "cr:references",
  regex: "cr:regex",
  repeated: "cr:repeated",
  replace: "cr:replace",
  samplingRate: "cr:samplingRate",
  separator: "cr:separator",
  source: "cr:source",
  subField: "cr:subField",
  transform: "cr:transform",
} as const;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type Node = { readonly [key: string]: Json | undefined };

export interface FileFacts {
  readonly id: string;
  /** Below the folder that the Croissant file lies in, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly format: string;
  readonly about: string;
}

export function fileObject({ id, path, bytes, sha256, format, about }: FileFacts): Node {
  return { "@type": "cr:FileObject", "@id": id, name: id, description: about, contentUrl: path, contentSize: `${bytes} B`, encodingFormat: format, sha256 };
}

export interface FieldFacts {
  readonly about: string;
  readonly type: Json;
  readonly source?: Node;
  /** The field of another record set that its values are of. */
  readonly references?: string;
  readonly repeated?: true;
}

export function recordSet(id: string, about: string, fields: Readonly<Record<string, FieldFacts>>, rest: Node = {}): Node {
  const field = Object.entries(fields).map(([name, { about: description, type, source, references, repeated }]): Node => ({
    "@type": "cr:Field", "@id": `${id}/${name}`, name, description, dataType: type, source, references: references === undefined ? undefined : { field: { "@id": references } }, repeated,
  }));
  return { "@type": "cr:RecordSet", "@id": id, name: id, description: about, ...rest, field };
}

/** Inline records: a field's id as key, as the format wants it. */
export function inline(id: string, records: readonly Readonly<Record<string, Json>>[]): readonly Json[] {
  return records.map((record) => Object.fromEntries(Object.entries(record).map(([name, value]) => [`${id}/${name}`, value])));
}
