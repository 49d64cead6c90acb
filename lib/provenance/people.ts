/** Somebody or something as a crate names it. */
export interface Named {
  readonly name: string;
  /** An ORCID, a ROR, a home page. */
  readonly url?: string;
}

/** Whom a run's metadata name. Nothing is taken from the machine: what nobody said is not known. */
export interface People {
  readonly author?: Named;
  /** The author's organisation, which publishes the run. */
  readonly organisation?: Named;
  /** The terms of the run's results, not of Potstill's code: an SPDX name or an address. */
  readonly licence?: Named;
}

/** What stands as `Name <address>`, or the name alone. @throws Error naming the variable or option that it is of */
export function named(variable: string, text: string | undefined): Named | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const [, name, url] = /^\s*([^<>]+?)\s*(?:<(https?:\/\/[^<>\s]+)>)?\s*$/.exec(text) ?? [];
  if (name === undefined) throw new Error(`${variable} is ${JSON.stringify(text)}; it must be a name, or a name and an address: ${variable}="Name <https://…>"`);
  return { name, ...(url !== undefined && { url }) };
}

/** Whom the environment names: `POTSTILL_AUTHOR`, `POTSTILL_ORGANISATION`, `POTSTILL_RESULTS_LICENCE`, each `Name <https://…>`. */
export function peopleOf(environment: NodeJS.ProcessEnv): People {
  const [author, organisation, licence] = ["POTSTILL_AUTHOR", "POTSTILL_ORGANISATION", "POTSTILL_RESULTS_LICENCE"].map((variable) => named(variable, environment[variable]));
  return { ...(author && { author }), ...(organisation && { organisation }), ...(licence && { licence }) };
}
