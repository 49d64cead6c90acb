import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeEach, describe, expect, it } from "vitest";
import { setChannel } from "../../../kernel/display/cell-channel.ts";
import * as tslab from "../../../kernel/tslab/index.ts";

type Sent = { data: Record<string, unknown>; id?: string | undefined; update?: boolean | undefined };
let sent: Sent[];
const unused = () => { throw new Error("not asked for"); };
beforeEach(() => {
  sent = [];
  setChannel({ display: (data, { id, update }) => { sent.push({ data, id, update }); }, clearOutput: unused, input: unused, inputSync: unused });
});
const bundles = () => sent.map(({ data }) => data);

describe("tslab's interface", () => {
  it("has every name that the real package declares", () => {
    const declared = readFileSync(createRequire(import.meta.url).resolve("tslab/dist/public.d.ts"), "utf8");
    const values = [...declared.matchAll(/export declare (?:const|function) (\w+)/g)].map(([, name]) => name).sort();
    expect(Object.keys(tslab).sort()).toEqual(values);
    const methods = [.../interface Display \{([^}]*)\}/.exec(declared)![1].matchAll(/(\w+)\(/g)].map(([, name]) => name).sort();
    expect(Object.keys(tslab.display).sort()).toEqual(methods);
  });

  it("shows one MIME type a call: text as it is, bytes as base64", () => {
    const { display } = tslab;
    display.javascript("1");
    display.html("<b>");
    display.markdown("*");
    display.latex("$x$");
    display.svg("<svg/>");
    display.text("t");
    display.png(Buffer.from("png"));
    display.jpeg(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
    display.gif(new Uint8Array());
    display.pdf(Buffer.from("pdf"));
    display.raw("application/x-own+json", "{}");
    display.raw("image/png", Buffer.from("raw"));
    expect(bundles()).toEqual([
      { "text/javascript": "1" }, { "text/html": "<b>" }, { "text/markdown": "*" }, { "text/latex": "$x$" }, { "image/svg+xml": "<svg/>" }, { "text/plain": "t" },
      { "image/png": "cG5n" }, { "image/jpeg": "AgM=" }, { "image/gif": "" }, { "application/pdf": "cGRm" }, { "application/x-own+json": "{}" }, { "image/png": "cmF3" },
    ]);
    expect(sent.every(({ id, update }) => id === undefined && update === undefined)).toBe(true);
  });

  it("gives newDisplay one place each, replaced by every later call", () => {
    const [one, two] = [tslab.newDisplay(), tslab.newDisplay()];
    one.text("a");
    two.text("b");
    one.html("c");
    expect(sent.map(({ update }) => update)).toEqual([false, false, true]);
    expect(sent[2].id).toBe(sent[0].id);
    expect(sent[1].id).not.toBe(sent[0].id);
  });

  it("gives nothing back, so that a call at a cell's end is not a result", () => {
    expect([tslab.display.html("x"), tslab.newDisplay().png(Buffer.from("x")), tslab.display.raw("text/plain", "x") as unknown]).toEqual([undefined, undefined, undefined]);
  });

  it("tells the versions, as tslab does", () => {
    expect(Object.keys(tslab.versions)).toEqual(["tslab", "typescript", "node"]);
    expect(tslab.versions).toMatchObject({ node: process.version, tslab: expect.stringMatching(/^1\./) as unknown });
  });

  it.each([
    ["html", () => tslab.display.html(5 as unknown as string), "html needs a string, received number. display(value) shows values of every kind."],
    ["png", () => tslab.display.png({} as Uint8Array), "png needs the file's bytes (a Uint8Array or Buffer), received a Object."],
    ["raw, type", () => tslab.display.raw("html", "x"), 'raw needs a MIME type such as "text/html", received "html".'],
    ["raw, content", () => tslab.display.raw("text/html", undefined as unknown as string), 'raw("text/html", …) needs a string or a Uint8Array, received undefined.'],
  ])("refuses what %s cannot show", (_, call, message) => expect(call).toThrow(new TypeError(message)));
});
