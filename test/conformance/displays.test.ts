import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";

let folder: string;
let kernel: KernelDriver;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "potstill-displays-"));
  // Another package of that name beside the notebook: it would write to a protocol of its own and show nothing.
  mkdirSync(join(folder, "node_modules", "tslab"), { recursive: true });
  writeFileSync(join(folder, "node_modules", "tslab", "package.json"), JSON.stringify({ name: "tslab", main: "index.js" }));
  writeFileSync(join(folder, "node_modules", "tslab", "index.js"), "exports.display = { html() {} };");
  writeFileSync(join(folder, "shows.ts"), 'import { display } from "tslab"; export const show = (markup: string): void => display.html(markup);');
  kernel = await KernelDriver.start({ cwd: folder });
});
afterAll(async () => {
  await kernel.stop();
  rmSync(folder, { recursive: true, force: true });
});

const outputs = async (code: string) => {
  const { reply, messages } = await kernel.run(code);
  expect(reply.status, JSON.stringify(reply)).toBe("ok");
  return messages.filter(({ type }) => type !== "status" && type !== "execute_input").map(({ type, content }) => ({ type, data: content.data, transient: content.transient as { display_id?: string } }));
};

describe("tslab's interface", () => {
  it.each([
    ["import * as tslab", 'import * as tslab from "tslab"; tslab.display.html("<b>1</b>")'],
    ["import { display }", 'import { display as shown } from "tslab"; shown.html("<b>1</b>")'],
    ["import()", '(await import("tslab")).display.html("<b>1</b>")'],
    ["require", 'require("tslab").display.html("<b>1</b>")'],
    ["a TypeScript file beside the notebook", 'import { show } from "./shows.ts"; show("<b>1</b>")'],
  ])("is the running kernel's through %s, whatever is installed beside the notebook, and gives no result", async (_, code) => {
    expect(await outputs(code)).toEqual([{ type: "display_data", data: { "text/html": "<b>1</b>" }, transient: {} }]);
  });

  it("updates one output through newDisplay, from other cells too", async () => {
    const [first] = await outputs('import { newDisplay } from "tslab"; const place = newDisplay(); place.text("1");');
    const [second] = await outputs('place.markdown("*2*")');
    expect([first.type, second.type, second.data]).toEqual(["display_data", "update_display_data", { "text/markdown": "*2*" }]);
    expect(second.transient.display_id).toBe(first.transient.display_id);
  });

  it("prints the versions", async () => {
    const { messages } = await kernel.run('import * as tslab from "tslab"; console.log(Object.keys(tslab.versions).join())');
    expect(text(messages)).toBe("tslab,typescript,node\n");
  });
});
