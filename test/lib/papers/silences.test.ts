import { describe, expect, it } from "vitest";
import { methodTable } from "../../../lib/papers/method-options.ts";
import { silences } from "../../../lib/papers/silences/index.ts";

describe("the papers' silences", () => {
  it("have ids of their own, and say paper, choice and what a reader needs", () => {
    const ids = silences.map(({ paper, id }) => `${paper}-${id}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, topic, says, here } of silences) for (const text of [topic, says, here]) expect(text.length, id).toBeGreaterThan(1);
    for (const { id } of silences) expect(id).toMatch(/^[a-z0-9-]+$/);
  });

  it("cover all three papers", () => {
    for (const paper of ["sssd", "frs", "shared-kd", "all"]) expect(silences.filter((silence) => silence.paper === paper).length, paper).toBeGreaterThan(3);
  });

  it("name options that exist", () => {
    const known = new Set<string>(Object.values(methodTable).flatMap(({ options }) => Object.keys(options)));
    const named = silences.flatMap(({ otherwise = "" }) => [...otherwise.matchAll(/method\.options\.(\w+)/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(10);
    for (const name of named) expect(known, name).toContain(name);
    const inRecords = silences.flatMap(({ otherwise = "" }) => [...(/method\.options: \{(.*)\}/.exec(otherwise)?.[1] ?? "").matchAll(/"(\w+)":/g)].map(([, name]) => name));
    for (const name of inRecords) expect(known, name).toContain(name);
  });
});
