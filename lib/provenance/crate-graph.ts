/** A reference to another entity of a crate's graph. */
export interface Reference {
  readonly "@id": string;
}

export type Value = string | number | Reference | readonly Reference[];

/** One entity of a flattened JSON-LD graph; what is undefined is left out. */
export interface Entity {
  readonly "@id": string;
  readonly "@type": string;
  readonly [property: string]: Value | undefined;
}

export const refer = ({ "@id": id }: Reference): Reference => ({ "@id": id });

/** A list as the validator takes it: one alone stands without brackets, none is left out. */
export function references(entities: readonly Reference[]): Reference | readonly Reference[] | undefined {
  return entities.length > 1 ? entities.map(refer) : entities.length === 1 ? refer(entities[0]) : undefined;
}

/** A path as the `@id` of a file in the crate: what a URI cannot hold is escaped. */
export const fileId = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
