import { refer, references, type Entity, type Reference } from "./crate-graph.ts";
import { computing } from "./project.ts";
import type { RunFacts } from "./run-facts.ts";

/** What in the crate tells of the code, where its package names no home page. */
const told = "code.json";

/** The commit, or why there is none. */
function edition({ code }: RunFacts): string {
  if (code === undefined) return "code unknown: trained before runs recorded it";
  const { code: own } = code;
  if (own.source === "package") return `code without git (${own.why}), SHA-256 ${own.sha256} over ${own.files} files`;
  return `commit ${own.commit}${own.changed ? `, changed${own.patch ? ` as ${own.patch.file} says` : ""}` : ""}`;
}

/** The software that trained a run, what it stands on, and the variables that it heard. */
export function codeEntities(facts: RunFacts): { readonly instrument: Reference; readonly variables: readonly Reference[]; readonly entities: readonly Entity[] } {
  const { code, result } = facts;
  const { version = "unknown", url } = code?.code.package ?? {};
  const needs = requirements(code?.versions ?? {}, result?.environment.name === "tensorflow" ? result.environment.tensorflowVersion : undefined);
  const variables: Entity[] = Object.entries(code?.variables ?? {}).map(([name, value]) => ({ "@id": `#variable-${name}`, "@type": "PropertyValue", name, value }));
  const potstill: Entity = { "@id": url ?? "#potstill", "@type": "SoftwareApplication", name: "Potstill", description: edition(facts), url: url ?? (code === undefined ? undefined : told), softwareVersion: version, softwareRequirements: references(needs) };
  return { instrument: refer(potstill), variables, entities: [potstill, ...needs, ...variables] };
}

function requirements(versions: Readonly<Record<string, string>>, tensorflow: string | undefined): Entity[] {
  const known = new Map([...computing.map(({ name, title, url }) => [name, { title, url }] as const), ["node", { title: "Node.js", url: "https://nodejs.org" }]]);
  const packages = Object.entries(versions).flatMap(([name, version]) => { const about = known.get(name); return about ? [{ ...about, name, version }] : []; });
  const library = tensorflow === undefined ? [] : [{ name: "tensorflow", title: "TensorFlow's C library", url: "https://www.tensorflow.org", version: tensorflow }];
  return [...packages, ...library].map(({ name, title, url, version }) => ({ "@id": `${url}#${name.split("/").at(-1)}-${version}`, "@type": "SoftwareApplication", name: title, url, softwareVersion: version }));
}
