import { describe, expect, it } from "vitest";
import { readNotebook, validateNotebook, writeNotebook } from "../../../kernel/notebook/index.ts";

const cell = (extra: object = {}): object => ({ cell_type: "code", metadata: {}, source: ["a\n", "b"], outputs: [], execution_count: null, ...extra });
const file = (cells: unknown[], extra: object = {}): string => JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells, ...extra });

describe("readNotebook", () => {
  it("joins lines of sources, streams, text bundles and attachments, but not JSON", () => {
    const outputs = [
      { output_type: "stream", name: "stdout", text: ["x\n", "y"] },
      { output_type: "display_data", metadata: {}, data: { "text/html": ["<b>", "</b>"], "application/x+json": ["kept", "apart"] } },
    ];
    const notebook = readNotebook(file([cell({ id: "a", outputs }), { cell_type: "markdown", id: "b", metadata: {}, source: "", attachments: { "p.png": { "image/png": ["AA", "BB"] } } }]));
    expect(notebook.cells[0]).toMatchObject({ source: "a\nb", outputs: [{ text: "x\ny" }, { data: { "text/html": "<b></b>", "application/x+json": ["kept", "apart"] } }] });
    expect(notebook.cells[1]).toMatchObject({ attachments: { "p.png": { "image/png": "AABB" } } });
  });

  it.each([0, 1, 2, 3, 4])("brings minor version %i to 4.5 with unique ids that are the same each time", (minor) => {
    const text = file([cell(), cell(), cell({ id: "stray" })], { nbformat_minor: minor });
    const notebook = readNotebook(text);
    const ids = notebook.cells.map(({ id }) => id);
    expect(notebook.nbformat_minor).toBe(5);
    expect(new Set(ids).size).toBe(3);
    expect(readNotebook(text).cells.map(({ id }) => id)).toEqual(ids);
    expect(() => validateNotebook(JSON.parse(writeNotebook(notebook)))).not.toThrow();
  });

  it("keeps metadata that nobody knows, and drops what must not be written", () => {
    const notebook = readNotebook(file([cell({ id: "a", metadata: { mine: { deep: [1] } } })], { metadata: { theirs: true, orig_nbformat: 3 } }));
    expect(notebook.metadata).toEqual({ theirs: true });
    expect(notebook.cells[0]?.metadata).toEqual({ mine: { deep: [1] } });
  });

  it("gives the second of two equal ids a new one", () => {
    const ids = readNotebook(file([cell({ id: "same" }), cell({ id: "same" })])).cells.map(({ id }) => id);
    expect(ids[0]).toBe("same");
    expect(ids[1]).not.toBe("same");
  });

  it.each([
    ["", /empty/],
    ["{ broken", /x\.ipynb is not JSON/],
    ["[]", /not a notebook.*"nbformat" is missing/],
    [JSON.stringify({ nbformat: 3, worksheets: [] }), /format 3.*nbconvert/],
    [file([cell({ id: "a" }), cell({ id: "b", outputs: [{ output_type: "stream", name: "stdout" }] })]), /cell 2 \(id "b"\), output 1 misses the property "text"/],
    [file([cell({ id: "a", outputs: [{ output_type: "sound" }] })]), /cell 1 \(id "a"\), output 1 has the output_type "sound"/],
    [file([cell({ id: "a b" })]), /cell 1 \(id "a b"\), id must match pattern/],
    [file([cell({ id: "a", colour: "red" })]), /cell 1 \(id "a"\) has the unknown property "colour"/],
    [file([{ cell_type: "heading", metadata: {}, source: "x" }]), /cell 1 has the cell_type "heading"/],
    [file([cell({ id: "a", execution_count: "one" })]), /cell 1 \(id "a"\), execution_count must be/],
    [JSON.stringify({ nbformat: 4, nbformat_minor: 5, cells: [] }), /misses the property "metadata"/],
  ])("refuses %s", (text, message) => {
    expect(() => readNotebook(text, "x.ipynb")).toThrow(message);
  });

  it("accepts properties of minor versions to come", () => {
    const notebook = readNotebook(file([cell({ id: "a", novelty: 1 })], { nbformat_minor: 7 }));
    expect(notebook.nbformat_minor).toBe(7);
    expect(JSON.parse(writeNotebook(notebook))).toMatchObject({ nbformat_minor: 7, cells: [{ novelty: 1 }] });
  });
});
