import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findCheckpoint } from "../../../lib/detector/weights/catalogue.ts";
import { checkpointPath } from "../../../lib/detector/weights/fetch.ts";
import { readWeights } from "../../../lib/detector/weights/read.ts";
import { writeSafetensors } from "../../../lib/detector/weights/safetensors.ts";
import { temporaryFolder } from "../../lib/data/fixtures.ts";
import { fileServer } from "../../lib/detector/weights/server.ts";
import { potstill } from "../../potstill.ts";

const folder = temporaryFolder();
const sample = join(import.meta.dirname, "../../lib/detector/weights/data/mini.pth");
const content = readFileSync(sample);
const sha256 = createHash("sha256").update(content).digest("hex");
const server = await fileServer({ "/models/resnet18-f37072fd.pth": content, "/detectron2/ImageNetPretrained/MSRA/R-50.pkl": content });
afterAll(() => server.close());

const env = { POTSTILL_CACHE: folder, POTSTILL_WEIGHTS_MIRROR: server.address };
const weights = async (...args: string[]) => {
  const { code, stdout, stderr } = await potstill(["weights", ...args], { env });
  return { code, stdout, stderr: stderr.replace("potstill: compiling TypeScript …\n", "") };
};

describe("potstill weights", { timeout: 120_000 }, () => {
  it("lists names, addresses, hashes; by words; as JSON", async () => {
    const { code, stdout } = await weights("list", "resnet-50", "msra");
    expect(code).toBe(0);
    expect(stdout).toContain("https://dl.fbaipublicfiles.com/detectron2/ImageNetPretrained/MSRA/R-50.pkl\n    no published hash: pinned at the first download");
    expect(stdout).not.toContain("R-101");
    const all = JSON.parse((await weights("list", "--json")).stdout) as { name: string; path: string; epsilon?: number }[];
    expect(all.find(({ name }) => name === "torchvision/fasterrcnn_resnet50_fpn")).toMatchObject({ epsilon: 0, path: expect.stringContaining(join(folder, "weights")) as string });
    expect(await weights("list", "yolo")).toMatchObject({ code: 1, stdout: "no checkpoint has all of: yolo\n" });
  });

  it("fetches from a mirror, pins, verifies, and finds a changed file", async () => {
    expect((await weights("verify")).stdout).toBe(`nothing is in ${join(folder, "weights")} yet\n`);
    const { code, stdout, stderr } = await weights("fetch", "detectron2/MSRA/R-50");
    const path = checkpointPath(findCheckpoint("detectron2/MSRA/R-50"), join(folder, "weights"));
    expect([code, stdout]).toEqual([0, `${path}\n`]);
    expect(stderr).toContain(`its publisher gives no hash; from now on it must have SHA-256 ${sha256}`);
    expect(await weights("verify")).toEqual({ code: 0, stdout: `sound   detectron2/MSRA/R-50: SHA-256 ${sha256} (${path})\n`, stderr: "" });
    const listed = (await weights("list", "msra", "r-50")).stdout;
    expect(listed).toContain(`no published hash; pinned: SHA-256 ${sha256}\n    fetched: ${path}\n`);
    const named = join(folder, "named.safetensors");
    expect((await weights("convert", "detectron2/MSRA/R-50", named)).stdout).toMatch(/7 tensors/);
    expect(await weights("convert", "torchvision/resnet50", named)).toMatchObject({ code: 2, stderr: expect.stringMatching(/not fetched yet: npx potstill weights fetch torchvision\/resnet50/) as string });
    writeFileSync(path, "changed");
    const changed = await weights("verify", "detectron2/MSRA/R-50");
    expect([changed.code, changed.stdout]).toEqual([1, expect.stringMatching(/^wrong {3}detectron2\/MSRA\/R-50: .*pinned at its first download/)]);
    expect((await weights("verify", "torchvision/resnet18")).code).toBe(1);
  });

  it("refuses another file than the published one, unless its hash is named", async () => {
    const refused = await weights("fetch", "torchvision/resnet18", "--quiet");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/torchvision\/resnet18 is corrupt or not the file that was published: .*expected f37072fd….*--accept/)]);
    expect(existsSync(join(folder, "weights", "torchvision"))).toBe(false); // no empty folder stays
    expect((await weights("fetch", "torchvision/resnet18", "--accept", sha256, "--quiet")).code).toBe(0);
    const elsewhere = await weights("fetch", "torchvision/resnet34", "--mirror", pathToFileURL(folder).href);
    expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringMatching(/resnet34-b627a593\.pth: no such file; .*The mirror has no such file/)]);
  });

  it("calls unknown names and malformed options wrong usage", async () => {
    for (const [args, message] of [[["fetch", "resnet50"], /no checkpoint is named "resnet50"; similar: .*torchvision\/resnet50/], [["fetch", "torchvision/resnet18", "--accept", "abc"], /64 hexadecimal digits/], [["fetch"], /missing required argument/], [["fetch", "torchvision/resnet18", "torchvision/resnet34", "--accept", sha256], /one file/]] as const) {
      const { code, stderr } = await weights(...args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    }
  });

  it("converts to safetensors, and names what it cannot read", async () => {
    const to = join(folder, "converted", "mini.safetensors");
    mkdirSync(dirname(to));
    expect(await weights("convert", sample, to)).toEqual({ code: 0, stdout: `${to}: 7 tensors, 449 values, from pytorch-zip; 1 counter (num_batches_tracked) left out\n`, stderr: "" });
    expect(readWeights(to).metadata).toMatchObject({ source: "mini.pth", source_sha256: sha256 });
    const evil = join(folder, "evil.pth");
    writeFileSync(evil, Buffer.from("cposix\nsystem\n(S'touch here'\ntR."));
    const refused = await weights("convert", evil, to);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/evil\.pth is refused: it asks for os\.system \(as posix\.system\)/)]);
    expect(await weights("convert", sample, join(folder, "x.pth"))).toMatchObject({ code: 2, stderr: expect.stringMatching(/name it .*x\.safetensors/) as string });
    const nowhere = await weights("convert", sample, join(folder, "absent", "x.safetensors"));
    expect(nowhere.stderr.match(/ENOENT/g)).toHaveLength(1);
    const nan = join(folder, "nan.safetensors");
    writeSafetensors(nan, new Map([["w", { shape: [2], data: Float32Array.of(1, NaN) }]]));
    const broken = await weights("convert", nan, to);
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringMatching(/tensor w holds NaN at element 1 of 2;.*keep such values with --keep-non-finite/) as string });
    expect(broken.stderr).not.toContain("nonFinite");
    expect((await weights("convert", nan, to, "--keep-non-finite")).code).toBe(0);
    expect((await weights("convert", join(folder, "absent.pth"), to)).stderr).toMatch(/absent\.pth does not exist/);
  });
});
