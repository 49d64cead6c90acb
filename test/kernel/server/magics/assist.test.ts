import { describe, expect, it } from "vitest";
import { completeMagic, inspectMagic } from "../../../../kernel/server/magics/assist.ts";
import { magics } from "../../../../kernel/server/magics/index.ts";

describe("completeMagic", () => {
  it("offers all names after a percent sign, with their usage", () => {
    const found = completeMagic("%", 1)!;
    expect(found.matches).toEqual(Object.keys(magics).map((name) => `%${name}`));
    expect([found.start, found.end]).toEqual([0, 1]);
    expect((found.metadata._jupyter_types_experimental as { signature: string }[])[0].signature).toContain(Object.values(magics)[0].usage);
  });

  it("continues a name, keeping the percent signs as typed, before code and behind spaces", () => {
    expect(completeMagic("  %%ty\nlet x", 6)).toMatchObject({ matches: ["%%typecheck"], start: 2, end: 6 });
  });

  it("continues a magic's words", () => {
    expect(completeMagic("%typecheck w", 12)).toMatchObject({ matches: ["warn"], start: 11, end: 12 });
    expect(completeMagic("%unknown w", 10)!.matches).toEqual([]);
  });

  it("leaves code to TypeScript", () => {
    expect(completeMagic("%time\nlet x = 5 % ", 16)).toBeUndefined();
    expect(inspectMagic("5 % time", 5)).toBeUndefined();
  });
});

it("inspectMagic shows a magic's help in three formats", () => {
  const { found, data } = inspectMagic("%typecheck off", 3)!;
  expect(found).toBe(true);
  for (const type of ["text/plain", "text/markdown", "text/html"]) expect(data[type]).toContain("from now on");
  expect(data["text/html"]).toContain("<code>warn</code>");
  expect(inspectMagic("%nothing", 3)).toEqual({ found: false, data: {} });
});
