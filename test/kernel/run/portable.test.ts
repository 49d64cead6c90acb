import { describe, expect, it } from "vitest";
import { Float, readNotebook, writeNotebook } from "../../../kernel/notebook/index.ts";
import { portableNotebook } from "../../../kernel/run/portable.ts";

const png = `${"A".repeat(40)}/home/ada/kit/${"B".repeat(40)}`;
const notebook = readNotebook(JSON.stringify({
  nbformat: 4, nbformat_minor: 5,
  metadata: {
    kernelspec: { name: "potstill", display_name: "Potstill", language: "typescript" },
    papermill: { input_path: "/home/ada/kit/in.ipynb", output_path: "/tmp/out.ipynb", parameters: { data: "/home/ada/data", seeds: [1] }, duration: 2 },
    widgets: { "application/vnd.jupyter.widget-state+json": { state: { a: { state: { value: "/tmp/x" } } } } },
  },
  cells: [
    { id: "a", cell_type: "markdown", metadata: {}, source: "its author wrote /home/ada/kit" },
    { id: "b", cell_type: "code", metadata: { tags: ["injected-parameters"] }, source: 'data = "/home/ada/data"', outputs: [], execution_count: 1 },
    {
      id: "c", cell_type: "code", metadata: {}, source: 'read("/home/ada/kit/x")', execution_count: 2,
      outputs: [
        { output_type: "stream", name: "stdout", text: "reads /home/ada/kit/x and /elsewhere/tmp/y\n" },
        { output_type: "display_data", metadata: {}, data: { "text/plain": "/tmp/plain", "text/html": '<a href="file:///home/ada/kit/a">a</a>', "image/png": png, "application/json": { path: ["/home/ada/kit/y"], n: 1 }, "image/svg+xml": "<text>/tmp/z</text>" } },
        { output_type: "error", ename: "Error", evalue: "no /home/ada/kit/x", traceback: ["at /home/ada/kit/x.ts:3:4", "at /home/ada2/y.ts"] },
      ],
    },
  ],
}));
notebook.metadata.papermill = { ...(notebook.metadata.papermill as object), rate: new Float(5) };

describe("a portable notebook", () => {
  const before = writeNotebook(notebook);
  const text = writeNotebook(portableNotebook(notebook, [["/home/ada/kit", "."], ["/home/ada", "~"], ["/tmp", "TMP"]]));

  it("has what stands for folders in all that the run wrote, and leaves the author's words, pictures and numbers", () => {
    const cells = (JSON.parse(text) as { cells: { source: string[] }[] }).cells;
    expect(text.match(/\/home\/ada(?!2)/g)).toHaveLength(3); // the author's text, the author's code, base64
    expect(text).toContain(png);
    expect(text).not.toMatch(/"\/tmp|[ >]\/tmp/);
    for (const there of ['"input_path": "./in.ipynb"', '"output_path": "TMP/out.ipynb"', '"data": "~/data"', "reads ./x and /elsewhere/tmp/y", "file://./a", "no ./x", "at ./x.ts:3:4", "at /home/ada2/y.ts", '"value": "TMP/x"', '"duration": 2', '"rate": 5.0']) expect(text).toContain(there);
    expect(cells[0].source).toEqual(["its author wrote /home/ada/kit"]);
    expect(cells[1].source).toEqual(['data = "~/data"']);
  });

  it("is a copy", () => {
    expect(writeNotebook(notebook)).toBe(before);
  });
});
