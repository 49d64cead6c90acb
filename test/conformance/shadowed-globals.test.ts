import { describe, expect, it } from "vitest";
import { KernelDriver } from "./kernel-driver.ts";

const cells: readonly (readonly [code: string, result: string | undefined])[] = [
  ["import { spawnSync } from 'node:child_process'; const process = spawnSync('echo', ['out']); process.status", "0"],
  ["class Map { size = 'mine' } const URL = 'http://a.b'; const Error = 1, Promise = 2, Object = 3, JSON = 4, Symbol = 5; [new Map().size, URL]", "[ 'mine', 'http://a.b' ]"],
  ["[String(process.stdout), { URL }, await (async () => { await 1; return new globalThis.Map([[1, 2]]) })()]", "[ 'out\\n', { URL: 'http://a.b' }, Map(1) { 1 => 2 } ]"],
  ["function URL() { return 'now a function' } URL()", "'now a function'"],
  ["new (await import('node:url')).URL('http://c.d').host", "'c.d'"],
];

describe("cells that take the names of globals", () => {
  it.each(["error", "off"])("keep them from the kernel and from packages (type checking %s; Deno and ijavascript lend them to all code, and here `const process` hung)", async (checks) => {
    const kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: checks } });
    try {
      for (const [code, result] of cells) expect(await kernel.value(code), code).toBe(result);
      expect((await kernel.run("null!.x")).reply.status).toBe("error");
      expect(await kernel.value("[{ a: [new globalThis.Date(0)] }]")).toContain("1970-01-01T00:00:00.000Z");
    } finally {
      await kernel.stop();
    }
  });
});
