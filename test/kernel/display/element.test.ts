import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { mimeBundle } from "../../../kernel/display/index.ts";
import { peerModule } from "../../peers.ts";

const bundle = async (value: unknown) => (await mimeBundle(value)).data;
const { document } = new JSDOM("<p id='x'>a <b>b</b></p><svg width='9'><use xlink:href='#x'/></svg>").window;

describe("DOM nodes", () => {
  it("are shown as what they draw", async () => {
    expect(await bundle(document.querySelector("p"))).toEqual({ "text/html": '<p id="x">a <b>b</b></p>', "text/plain": 'HTMLParagraphElement <p id="x">a <b>b</b></p>' });
    expect((await bundle(document))["text/html"]).toMatch(/^<html><head><\/head><body><p id="x">/);
    const fragment = document.createDocumentFragment();
    fragment.append(document.createElement("i"), document.createElement("b"));
    expect((await bundle(fragment))["text/html"]).toBe("<i></i><b></b>");
  });

  it("of SVG are pictures with the name spaces that XML needs", async () => {
    expect((await bundle(document.querySelector("svg")))["image/svg+xml"]).toBe('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9"><use xlink:href="#x"></use></svg>');
  });

  it("have a short text", async () => {
    const long = document.createElement("div");
    long.textContent = "x".repeat(10_000);
    expect(((await bundle(long))["text/plain"] as string).length).toBeLessThan(300);
  });

  it("are not objects that only look a little like them", async () => {
    for (const value of [{ outerHTML: "<b>" }, { nodeType: 1, ownerDocument: null }, { nodeType: 1, ownerDocument: null, outerHTML: 5 }]) expect(Object.keys(await bundle(value))).toEqual(["text/plain"]);
  });

  it("of linkedom, and Observable Plot's figures in it, are shown too", async (context) => {
    const linkedom = await peerModule<{ parseHTML(markup: string): { document: Document } }>("linkedom");
    const Plot = await peerModule<{ plot(options: object): unknown; dot(data: unknown): unknown }>("@observablehq/plot");
    if (linkedom === undefined || Plot === undefined) return context.skip();
    const { document: other } = linkedom.parseHTML("<html><body><em>a</em></body></html>");
    expect((await bundle(other.querySelector("em")))["text/html"]).toBe("<em>a</em>");
    const figure = await bundle(Plot.plot({ document: other, marks: [Plot.dot([[1, 2], [3, 4]])] }));
    expect(figure["image/svg+xml"]).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<circle/);
    const titled = await bundle(Plot.plot({ document: other, title: "T", marks: [Plot.dot([[1, 2]])] }));
    expect(titled["text/html"]).toMatch(/^<figure[^]*<h2>T<\/h2>[^]*<svg/);
  });
});
