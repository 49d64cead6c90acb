import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Reporter } from "../../../../lib/backend/setup/progress.ts";
import { checkpoints, findCheckpoint, type Checkpoint } from "../../../../lib/detector/weights/catalogue.ts";
import { checkpointPath, fetchCheckpoint, mirrorAddresses, verifyCheckpoint, weightsFolder } from "../../../../lib/detector/weights/fetch.ts";
import { random } from "../../../../lib/tensor/random.ts";
import { fileServer } from "./server.ts";

const stream = random(5, "downloaded bytes");
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => stream.integer(256)));
const sha256 = createHash("sha256").update(content).digest("hex");
const md5 = createHash("md5").update(content).digest("hex");
const file = `net-${sha256.slice(0, 8)}.pth`;

const server = await fileServer({ [`/models/${file}`]: content, "/models/plain.pkl": content });
const base = mkdtempSync(join(tmpdir(), "potstill-weights-"));
afterAll(async () => {
  await server.close();
  rmSync(base, { recursive: true });
});

const pixels = { order: "RGB", mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
const hashed: Checkpoint = { name: "test/net", url: `${server.address}/models/${file}`, hash: { algorithm: "sha256", prefix: sha256.slice(0, 8) }, about: "", pixels };
const plain: Checkpoint = { name: "test/plain", url: `${server.address}/models/plain.pkl`, about: "", pixels };

let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(base, String(count++));
  server.behaviour = {};
  server.asked.length = 0;
  server.files.set(`/models/${file}`, content);
});

const quick = { pause: 1, stall: 2000 };
const get = (checkpoint: Checkpoint, options = {}) => fetchCheckpoint(checkpoint, { folder, ...quick, ...options });
const ranges = () => server.asked.map(({ range }) => range);
const left = (checkpoint: Checkpoint) => (existsSync(dirname(checkpointPath(checkpoint, folder))) ? readdirSync(dirname(checkpointPath(checkpoint, folder))).sort() : []);

function expectWhole(path: string): void {
  expect(readFileSync(path).equals(content)).toBe(true);
}

describe("fetching", () => {
  it("brings a file whole, pins it, shows progress, and does not ask again", async () => {
    const shown: (number | undefined)[][] = [];
    const reporter: Reporter = { note: () => undefined, end: () => undefined, bytes: (_, done, total) => { shown.push([done, total]); } };
    const first = await get(hashed, { reporter });
    expect(first).toEqual({ path: join(folder, "test", "net", file), sha256, downloaded: true });
    expectWhole(first.path);
    expect(shown.at(-1)).toEqual([content.length, content.length]);
    expect(left(hashed)).toEqual([file, `${file}.pin.json`]);
    expect(await get(hashed)).toEqual({ ...first, downloaded: false });
    expect(ranges()).toEqual([undefined]);
  });

  it("goes on where a connection was cut, as often as it takes, while it goes forward", async () => {
    server.behaviour = { cut: 40_000 };
    expectWhole((await get(hashed)).path);
    expect(server.asked.length).toBeGreaterThan(5);
    expect(ranges().slice(0, 2)).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
  });

  it("goes on in a later call", async () => {
    server.behaviour = { cut: 100_000, ranges: false };
    await expect(get(hashed)).rejects.toThrow(/broke off after 100000 bytes, 5 times without a byte more .*The part stays: ask again/);
    server.behaviour = {};
    server.asked.length = 0;
    expectWhole((await get(hashed)).path);
    expect(ranges()).toEqual(["bytes=100000-"]);
  });

  it("begins anew where the server knows no ranges, has another version, or a shorter file", async () => {
    const part = async () => {
      server.behaviour = { cut: 100_000, ranges: false };
      await expect(get(hashed)).rejects.toThrow("broke off");
      server.asked.length = 0;
    };
    await part();
    server.behaviour = { ranges: false };
    expectWhole((await get(hashed)).path);
    folder = join(base, "another-version");
    await part();
    server.behaviour = { etag: '"v2"' };
    expectWhole((await get(hashed)).path);
    folder = join(base, "shorter");
    await part();
    server.behaviour = {};
    server.files.set(`/models/${file}`, content.subarray(0, 50_000));
    await expect(get(hashed)).rejects.toThrow(/50000 bytes with SHA-256/);
    expect(ranges()).toEqual(["bytes=100000-", undefined]);
  });

  it("takes an answer without a length", async () => {
    server.behaviour = { chunked: true };
    expectWhole((await get(hashed)).path);
  });

  it("gives a silent connection up", async () => {
    server.behaviour = { hang: 10, ranges: false };
    await expect(get(hashed, { stall: 50 })).rejects.toThrow(/(?:broke off|gave no byte).*nothing came for 0.05 s/);
  });

  it("stops when it is told to, and keeps the part", async () => {
    server.behaviour = { hang: 1000 };
    const controller = new AbortController();
    const waiting = get(hashed, { signal: controller.signal, stall: 60_000 });
    setTimeout(() => { controller.abort(new Error("enough")); }, 150);
    await expect(waiting).rejects.toThrow("enough");
    expect(left(hashed)).toEqual([`${file}.part`, `${file}.part.json`]);
    server.behaviour = {};
    expectWhole((await get(hashed)).path);
  });

  it("says what the server answered and how to go on", async () => {
    server.behaviour = { status: 403 };
    await expect(get(hashed)).rejects.toThrow(`${hashed.url}: status 403 Forbidden. Check the network, or name a mirror: --mirror URL or POTSTILL_WEIGHTS_MIRROR`);
    server.behaviour = { status: 503 };
    await expect(get(hashed)).rejects.toThrow(/gave no byte, 5 times \(status 503.*Check the network, or name a mirror/);
    server.behaviour = { type: "text/html; charset=utf-8" };
    await expect(get(hashed)).rejects.toThrow("the server sent a web page instead of a file");
    await expect(get({ ...hashed, url: "http://127.0.0.1:9/x.pth" })).rejects.toThrow(/gave no byte/);
  });
});

describe("hashes", () => {
  it("a wrong file is not kept, also not after a resumed download", async () => {
    const wrong = { ...hashed, hash: { algorithm: "sha256", prefix: "00000000" } } as const;
    await expect(get(wrong)).rejects.toThrow(`test/net is corrupt or not the file that was published: 300000 bytes with SHA-256 ${sha256}, expected 00000000…. It is not kept.`);
    expect(left(wrong)).toEqual([]);
    expect((await get(wrong, { accept: sha256 })).sha256).toBe(sha256);
    expect((await get(wrong)).downloaded).toBe(false); // pinned by acceptance
  });

  it("MD5 digits, where a publisher gives these", async () => {
    expect((await get({ ...plain, hash: { algorithm: "md5", prefix: md5.slice(0, 6) } })).sha256).toBe(sha256);
    folder = join(base, "md5");
    await expect(get({ ...plain, hash: { algorithm: "md5", prefix: "abcdef" } })).rejects.toThrow("expected MD5 abcdef…");
  });

  it("a file without a published hash is pinned at its first download", async () => {
    const notes: string[] = [];
    const reporter: Reporter = { note: (line) => { notes.push(line); }, end: () => undefined, bytes: () => undefined };
    const { path } = await get(plain, { reporter });
    expect(notes).toEqual([`test/plain: its publisher gives no hash; from now on it must have SHA-256 ${sha256}`]);
    expect(await verifyCheckpoint(plain, folder)).toMatchObject({ state: "sound", detail: `SHA-256 ${sha256}` });
    writeFileSync(path, content.subarray(1));
    expect(await verifyCheckpoint(plain, folder)).toMatchObject({ state: "wrong" });
    await expect(get(plain)).rejects.toThrow(/not the file that was pinned at its first download.*To fetch it again, remove/);
    rmSync(path);
    expectWhole((await get(plain)).path);
  });

  it("verifying tells what is absent and half-made", async () => {
    expect(await verifyCheckpoint(hashed, folder)).toMatchObject({ state: "absent", detail: "not fetched" });
    server.behaviour = { cut: 1000, ranges: false };
    await expect(get(hashed)).rejects.toThrow(/broke off|gave no byte/);
    expect((await verifyCheckpoint(hashed, folder)).detail).toBe("a download stopped at 1000 bytes; fetch goes on");
  });

  it("a damaged pin is told", async () => {
    const { path } = await get(plain);
    writeFileSync(`${path}.pin.json`, "{");
    await expect(get(plain)).rejects.toThrow(/pin\.json is no pin .*Remove it/);
  });
});

describe("mirrors", () => {
  it("are asked for the original's path, then for the file's name", async () => {
    const elsewhere = { ...hashed, url: `https://download.example.org/models/${file}` };
    expectWhole((await get(elsewhere, { mirror: `${server.address}/` })).path);
    folder = join(base, "by-name");
    expectWhole((await get({ ...elsewhere, url: `https://download.example.org/deep/${file}` }, { mirror: `${server.address}/models` })).path);
    expect(server.asked.map(({ url }) => url)).toEqual([`/models/${file}`, `/models/deep/${file}`, `/models/${file}`]);
  });

  it("may be folders, and must be addresses", async () => {
    const local = join(base, "local folder");
    mkdirSync(local);
    writeFileSync(join(local, file), content);
    expectWhole((await get(hashed, { mirror: pathToFileURL(local).href })).path);
    expect(server.asked).toEqual([]);
    expect(() => mirrorAddresses(hashed.url, "mirror.example.org/x")).toThrow('the mirror "mirror.example.org/x" is no address');
  });
});

describe("two processes at once", () => {
  it("download once, and both get the file", async () => {
    server.behaviour = { cut: 30_000 };
    const url = pathToFileURL(join(import.meta.dirname, "../../../../dist/lib/detector/weights/fetch.js")).href;
    const program = `const { fetchCheckpoint } = await import(${JSON.stringify(url)}); const r = await fetchCheckpoint(${JSON.stringify(hashed)}, { folder: ${JSON.stringify(folder)}, pause: 1 }); console.log(r.downloaded);`;
    const run = () => new Promise<string>((done) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      child.stdout.on("data", (data) => { out += String(data); });
      child.on("close", () => { done(out.trim()); });
    });
    const results = existsSync(new URL(url)) ? await Promise.all([run(), run()]) : await Promise.all([get(hashed), get(hashed)]).then((both) => both.map(({ downloaded }) => String(downloaded)));
    expect(results.sort()).toEqual(["false", "true"]);
    expectWhole(checkpointPath(hashed, folder));
    expect(left(hashed)).toEqual([file, `${file}.pin.json`]);
  });
});

describe("the catalogue", () => {
  it("names each file once, by https, with the hash that its own name carries", () => {
    expect(new Set(checkpoints.map(({ name }) => name)).size).toBe(checkpoints.length);
    for (const { name, url, hash } of checkpoints) {
      expect(url).toMatch(/^https:\/\/(download\.pytorch\.org|download\.openmmlab\.com|dl\.fbaipublicfiles\.com)\//);
      const own = /-([0-9a-f]{8})\.pth$|model_final_([0-9a-f]{6})\.pkl$/.exec(url);
      expect(hash?.prefix, name).toBe(own === null ? undefined : own[1] ?? own[2]);
      expect(name).toMatch(/^[\w./-]+$/);
    }
  });

  it("suggests similar names, and none where none is", () => {
    expect(() => findCheckpoint("foo/bar")).toThrow(/^no checkpoint is named "foo\/bar"\. `potstill weights list` shows all \d+$/);
    expect(() => findCheckpoint("mine/resnet34.pth")).toThrow(/similar: torchvision\/resnet34\./);
    expect(() => findCheckpoint("torchvision/resnet-50")).toThrow(/no checkpoint is named "torchvision\/resnet-50"; similar: .*\. `potstill weights list` shows all/);
    expect(findCheckpoint("torchvision/resnet50").url).toBe("https://download.pytorch.org/models/resnet50-0676ba61.pth");
  });

  it("lies in the user's cache", () => {
    expect(weightsFolder({ POTSTILL_CACHE: "/somewhere" })).toBe("/somewhere/weights");
  });
});
