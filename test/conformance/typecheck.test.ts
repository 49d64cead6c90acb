import { writeFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";
import type { CellResult } from "./kernel-driver.ts";

let kernel: KernelDriver;
afterEach(() => kernel.stop());

async function runWith(metadata: object, code: string): Promise<CellResult> {
  const { frames, id } = kernel.frames("execute_request", { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false }, { metadata });
  await kernel.raw(frames);
  return kernel.result(id);
}

const wrong = "const n: number = 'text'; typeof n";

describe("the type-check mode", () => {
  it("comes from the notebook's metadata, over the environment's, and follows the file when it is saved", async () => {
    kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "error", JPY_SESSION_NAME: "book.ipynb" } });
    const save = (potstill: object, time: number): void => {
      const path = join(kernel.folder, "book.ipynb");
      writeFileSync(path, JSON.stringify({ cells: [], metadata: { potstill } }));
      utimesSync(path, time, time);
    };
    save({ typecheck: "warn" }, 1_000_000);
    const warned = await kernel.run(wrong);
    expect([warned.reply.status, text(warned.messages, "stderr")]).toEqual(["ok", expect.stringContaining("TS2322")]);
    save({ typecheck: "lax" }, 2_000_000);
    const refused = await kernel.run(wrong);
    expect(refused.reply.ename).toBe("TypeScriptError");
    expect(text(refused.messages, "stderr")).toContain(`potstill.typecheck must be "error", "warn" or "off", received "lax"`);
    expect(text((await kernel.run("1")).messages, "stderr")).toBe("");
  }, 60_000);

  it("comes from the cell's metadata, as JupyterLab sends them, and a magic of the cell is above it", async () => {
    kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "off" } });
    expect((await runWith({ potstill: { typecheck: "error" }, trusted: true }, wrong)).reply.ename).toBe("TypeScriptError");
    expect((await runWith({ potstill: { typecheck: "error" } }, `%%typecheck off\n${wrong}`)).reply.status).toBe("ok");
    expect((await kernel.run(wrong)).reply.status).toBe("ok");
  }, 60_000);
});
