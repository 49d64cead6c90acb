import { describe, expect, it } from "vitest";
import { mimeBundle } from "../../../kernel/display/index.ts";
import { peerModule } from "../../peers.ts";

const bundle = async (value: unknown) => (await mimeBundle(value)).data;
const schema = (name: string) => `https://vega.github.io/schema/${name}.json`;

describe("Vega", () => {
  it.each([
    ["vega-lite/v5", "application/vnd.vegalite.v5+json"],
    ["vega-lite/v5.20.1", "application/vnd.vegalite.v5+json"],
    ["vega-lite/v4", "application/vnd.vegalite.v4+json"],
    // The newest that JupyterLab 4.6 has a renderer for; it draws specifications of v6 too.
    ["vega-lite/v6", "application/vnd.vegalite.v5+json"],
    ["vega/v5", "application/vnd.vega.v5+json"],
    ["vega/v6", "application/vnd.vega.v5+json"],
  ])("specifications of %s are %s", async (name, type) => {
    const spec = { $schema: schema(name), mark: "bar", data: { values: [{ a: 1 }, { a: 2 }] } };
    const shown = await bundle(spec);
    expect(Object.keys(shown)).toEqual([type, "text/plain"]);
    expect(shown[type]).toEqual(spec);
  });

  it("specifications are described where no chart can be drawn", async () => {
    expect((await bundle({ $schema: schema("vega-lite/v5"), title: "Yield", mark: { type: "bar" }, data: { values: [{}, {}] } }))["text/plain"]).toBe('Vega-Lite bar chart "Yield", 2 rows of data');
    expect((await bundle({ $schema: schema("vega-lite/v5"), hconcat: [{}, {}] }))["text/plain"]).toBe("Vega-Lite chart, 2 × hconcat");
    expect((await bundle({ $schema: schema("vega/v5") }))["text/plain"]).toBe("Vega chart");
  });

  it("is not every object with a schema", async () => {
    expect(Object.keys(await bundle({ $schema: "http://json-schema.org/draft-07/schema.json" }))).toEqual(["text/plain"]);
  });

  it("specifications that JSON cannot hold say so and are shown as text", async () => {
    expect((await bundle({ $schema: schema("vega-lite/v5"), data: { values: [{ a: 1n }] } }))["text/plain"]).toMatch(/^Object could not be displayed: TypeError: .*BigInt.*\n\{/);
  });

  it("charts of vega-lite-api are shown", async (context) => {
    type Chart = { data(rows: object[]): Chart; encode(...channels: unknown[]): Chart };
    const vl = await peerModule<{ markBar(): Chart; x(): { fieldQ(name: string): unknown } }>("vega-lite-api");
    if (vl === undefined) return context.skip();
    const shown = await bundle(vl.markBar().data([{ a: 1 }]).encode(vl.x().fieldQ("a")));
    expect(shown["application/vnd.vegalite.v5+json"]).toMatchObject({ mark: { type: "bar" }, encoding: { x: { field: "a", type: "quantitative" } } });
    expect(shown["text/plain"]).toBe("Vega-Lite bar chart, 1 row of data");
  });
});
