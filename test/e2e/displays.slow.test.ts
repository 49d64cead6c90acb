// What JupyterLab's renderers make of the kernel's displays.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPeers, peerFolder } from "../peers.ts";
import { Lab, labParts } from "./lab.ts";

const parts = labParts();
const peers = hasPeers("arquero", "nodejs-polars", "vega-lite-api", "linkedom", "@observablehq/plot");

describe.skipIf(parts === undefined || !peers)("displays in JupyterLab", { timeout: 300_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start(parts!);
    symlinkSync(join(peerFolder, "node_modules"), join(lab.notebooks, "node_modules"));
  }, 180_000);
  afterAll(() => lab.stop(), 60_000);

  it("are drawn: frames, charts, pictures and tables", async () => {
    const notebook = await lab.open("displays.ipynb", [
      'import * as aq from "arquero";\naq.table({ city: ["Bonn", "<b>Köln</b>"], pop: [331.9, 1084.8] }).orderby("pop")',
      'import pl from "nodejs-polars";\npl.DataFrame({ id: [1n, 2n, 3n], score: [0.5, null, 12.25] })',
      'const values = [1, 2, 3].map((x) => ({ x, y: x * x }));\nconst encoding = { x: { field: "x", type: "ordinal" }, y: { field: "y", type: "quantitative" } };\n({ $schema: "https://vega.github.io/schema/vega-lite/v6.json", data: { values }, mark: "bar", encoding, width: 150, height: 60 })',
      'vegaLite({ data: { values }, mark: "line", encoding, width: 150, height: 60 })',
      'import * as Plot from "@observablehq/plot"; import { parseHTML } from "linkedom";\nconst { document } = parseHTML("<html><body></body></html>");\nPlot.plot({ document, height: 120, marks: [Plot.line(values, { x: "x", y: "y" })] })',
      'table([{ run: "a", time: 12.5 }, { run: "b", time: 3 }], { units: { time: "ms" }, caption: "Runs" })',
      "display(latex`e^{i\\pi} + 1 = 0`); display(md`**bold** and \\`code\\``); display(svg`<svg width=\"60\" height=\"20\"><rect width=\"60\" height=\"20\" fill=\"teal\"/></svg>`); display(json({ tree: [1, { deep: true }] }));",
      'import * as tslab from "tslab";\ntslab.display.html("from <i>tslab</i>"); const place = tslab.newDisplay(); place.text("first"); place.markdown("# second");',
    ]);
    await notebook.runAll();
    await notebook.outputs(2).locator("canvas, svg").first().waitFor();
    await notebook.outputs(3).locator("canvas, svg").first().waitFor();
    await notebook.screenshot("displays");
    expect(await notebook.outputs(0).locator("td").allInnerTexts()).toEqual(["Bonn", "331.9", "<b>Köln</b>", "1084.8"]);
    expect(await notebook.outputs(1).locator("th").allInnerTexts()).toEqual(["id\nUInt64", "score\nFloat64"]);
    expect(await notebook.outputs(4).locator("img, svg").count()).toBeGreaterThan(0);
    expect(await notebook.outputs(5).locator("th").allInnerTexts()).toEqual(["run", "time (ms)"]);
    expect(await notebook.outputs(6).locator("mjx-container, .MathJax").count()).toBeGreaterThan(0);
    expect(await notebook.outputs(7).locator("h1").innerText()).toMatch(/^second/);
    await notebook.close();
  });
});
