import { refer, type Entity, type Reference } from "./crate-graph.ts";
import type { Named, People } from "./people.ts";

export interface PeopleEntities {
  readonly agent: Reference;
  readonly author: Reference;
  /** Absent where nobody named an organisation: what is not known is not made up. */
  readonly publisher?: Reference;
  readonly license: Reference;
  readonly entities: readonly Entity[];
}

const idOf = (named: Named | undefined, otherwise: string): string => named?.url ?? otherwise;

/** Who ran it, who publishes it, under which terms; where that was not said, the entity says so. */
export function peopleEntities({ author, organisation, licence }: People): PeopleEntities {
  const publisher: Entity | undefined = organisation && { "@id": idOf(organisation, "#organisation"), "@type": "Organization", name: organisation.name, url: organisation.url };
  const person: Entity = author
    ? { "@id": idOf(author, "#author"), "@type": "Person", name: author.name, affiliation: publisher && refer(publisher) }
    : { "@id": "#author", "@type": "Person", name: "not stated", description: "Whoever ran this did not say who they are (POTSTILL_AUTHOR).", affiliation: publisher && refer(publisher) };
  const terms: Entity = licence
    ? { "@id": idOf(licence, "#license"), "@type": "CreativeWork", name: licence.name, description: "Terms of this run's results", url: licence.url }
    : { "@id": "#license", "@type": "CreativeWork", name: "not stated", description: "Whoever ran this did not say under which terms its results may be used (POTSTILL_RESULTS_LICENCE). Potstill's own licence is of its code alone." };
  return { agent: refer(person), author: refer(person), ...(publisher && { publisher: refer(publisher) }), license: refer(terms), entities: [person, terms, ...(publisher ? [publisher] : [])] };
}
