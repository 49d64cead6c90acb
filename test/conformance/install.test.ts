// %install with the real npm, against a registry of this test's own: no network is needed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KernelDriver, eventually, text } from "./kernel-driver.ts";

type Files = Record<string, string>;

/** A package's archive as `npm pack` makes it. */
function pack(folder: string, manifest: { name: string; version: string } & Record<string, unknown>, files: Files): Buffer {
  const root = join(folder, manifest.name.replace("/", "-") + manifest.version);
  mkdirSync(root, { recursive: true });
  for (const [name, content] of Object.entries({ ...files, "package.json": JSON.stringify(manifest) })) writeFileSync(join(root, name), content);
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return readFileSync(join(root, (JSON.parse(stdout) as { filename: string }[])[0].filename));
}

let work: string;
let server: Server;
let address: string;
let held: (() => void)[] = [];
const archives = new Map<string, { manifest: { name: string; version: string }; archive: Buffer }>();

function publish(manifest: { name: string; version: string } & Record<string, unknown>, files: Files): void {
  archives.set(manifest.name, { manifest, archive: pack(work, manifest, files) });
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "potstill-registry-"));
  publish({ name: "plain-words", version: "1.2.3", main: "index.js", scripts: { postinstall: "node -e 1" } }, { "index.js": "exports.shout = (s) => s.toUpperCase() + '!';" });
  publish({ name: "@types/plain-words", version: "1.2.0", types: "index.d.ts" }, { "index.d.ts": "export declare function shout(text: string): string;" });
  publish({ name: "@scope/typed", version: "2.0.0", type: "module", exports: { types: "./index.d.ts", default: "./index.js" } }, { "index.js": "export const n = 7;", "index.d.ts": "export declare const n: number;" });
  server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    const found = archives.get(path.replace(/^\/(archive\/)?/, ""));
    if (path.endsWith("never")) return void held.push(() => response.destroy());
    if (found === undefined) return void response.writeHead(404).end("{}");
    const { manifest, archive } = found;
    if (path.startsWith("/archive/")) return void response.end(archive);
    const dist = { tarball: `${address}archive/${manifest.name}`, integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}` };
    response.end(JSON.stringify({ name: manifest.name, "dist-tags": { latest: manifest.version }, versions: { [manifest.version]: { ...manifest, dist } } }));
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  for (const release of held) release();
  server.close();
  rmSync(work, { recursive: true, force: true });
});

let kernel: KernelDriver;
beforeEach(async () => {
  held = [];
  kernel = await KernelDriver.start({ env: { npm_config_registry: address, npm_config_cache: join(work, "cache"), npm_config_fetch_retries: "0", npm_config_ignore_scripts: "false", POTSTILL_TYPECHECK: "error" } });
});
afterEach(() => kernel.stop());

const shown = (messages: readonly { type: string; content: { data: Record<string, string> } }[]): string =>
  messages.filter(({ type }) => type === "update_display_data").at(-1)?.content.data["text/plain"] ?? "";

describe("%install", () => {
  it("adds a package and the types it does not bring, for the very cell, after an import had failed", async () => {
    expect((await kernel.run('%typecheck off\nimport { shout } from "plain-words"; shout("a")')).reply.evalue).toContain("plain-words");
    const { reply, messages } = await kernel.run('%typecheck error\n%install plain-words\nimport { shout } from "plain-words"; shout("well")');
    expect(reply).toMatchObject({ status: "ok" });
    expect(messages.find(({ type }) => type === "execute_result")!.content.data["text/plain"]).toBe("'WELL!'");
    expect(shown(messages)).toContain("Installed plain-words@1.2.3, @types/plain-words@1.2.0");
    expect(shown(messages)).toContain("Install scripts were not run: plain-words.");
    const manifest = JSON.parse(readFileSync(join(kernel.folder, "package.json"), "utf8")) as Record<string, object>;
    expect([Object.keys(manifest.dependencies), Object.keys(manifest.devDependencies)]).toEqual([["plain-words"], ["@types/plain-words"]]);
    expect((await kernel.run("shout(5)")).reply.evalue).toContain("TS2345");
  }, 120_000);

  it("shows the types of a package's new version, which Jupyter kernels with a language service show only after a restart", async () => {
    publish({ name: "growing", version: "1.0.0", main: "index.js", types: "index.d.ts" }, { "index.js": "exports.one = 1;", "index.d.ts": "export declare const one: number;" });
    expect(await kernel.value('%install growing\nimport { one } from "growing"; one')).toBe("1");
    publish({ name: "growing", version: "2.0.0", main: "index.js", types: "index.d.ts" }, { "index.js": "exports.two = 2;", "index.d.ts": "export declare const two: string;" });
    const { messages } = await kernel.run("%install growing@2.0.0");
    expect(shown(messages)).toContain("Installed growing@2.0.0\nRestart the kernel if it has imported growing already");
    expect((await kernel.run('import { one } from "growing"')).reply.evalue).toContain("TS2305");
    expect((await kernel.run('import { two } from "growing"; two.missing')).reply.evalue).toContain("TS2339");
  }, 120_000);

  it("fetches nothing that is there, so that a notebook runs again without a network", async () => {
    expect((await kernel.run("%install @scope/typed@2.0.0")).reply.status).toBe("ok");
    const asked = archives.get("@scope/typed")!;
    archives.delete("@scope/typed");
    const { reply, messages } = await kernel.run('%install @scope/typed\nimport { n } from "@scope/typed"; n.toFixed(1)');
    archives.set("@scope/typed", asked);
    expect(reply.status).toBe("ok");
    expect(text(messages)).toBe("Installed already: @scope/typed@2.0.0\n");
  }, 120_000);

  it("says in npm's words why a package cannot be had, and the cell does not run", async () => {
    const { reply } = await kernel.run("%install no-such-package\nglobalThis.ran = 1");
    expect([reply.status, reply.ename]).toEqual(["error", "MagicError"]);
    expect(reply.evalue).toMatch(/not found|not in this registry/i);
    expect(reply.evalue).not.toMatch(/^(?:E?404|npm error)/m);
    expect(await kernel.value("'ran' in globalThis")).toBe("false");
  }, 120_000);

  it("refuses options and an empty list, and hands nothing to a shell", async () => {
    expect((await kernel.run("%install")).reply.evalue).toContain("needs the name of a package");
    expect((await kernel.run("%install --global x")).reply.evalue).toContain("does not know --global");
    expect((await kernel.run("%install $(touch${IFS}owned);touch\u00a0owned")).reply.status).toBe("error");
    expect(() => readFileSync(join(kernel.folder, "owned"))).toThrow();
  }, 120_000);

  it("can be interrupted", async () => {
    const id = await kernel.execute("%install never");
    expect(await eventually(() => held.length > 0, 30_000)).toBe(true);
    await kernel.control("interrupt_request", {});
    expect((await kernel.result(id)).reply.ename).toBe("InterruptedError");
    expect(await kernel.value("1 + 1")).toBe("2");
  }, 120_000);
});
