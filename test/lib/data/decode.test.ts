import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../lib/data/decode.ts";
import { testPython } from "../../python.ts";
import { sharedFolder } from "../../shared.ts";
import { noise, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const picture = noise(20, 12, 1);
const raw = () => sharp(picture.data, { raw: { width: 20, height: 12, channels: 3 } });

/** A JPEG with an EXIF orientation. */
async function oriented(orientation: number): Promise<string> {
  const file = at(`orientation-${orientation}.jpg`);
  await raw().withMetadata({ orientation }).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toFile(file);
  return file;
}

const pixel = ({ data, width }: { data: Uint8Array; width: number }, x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];

describe("decodeImage", () => {
  it("returns the pixels of a PNG exactly, without its alpha", async () => {
    await raw().png().toFile(at("a.png"));
    await raw().ensureAlpha(0.5).png().toFile(at("alpha.png"));
    expect(await decodeImage(at("a.png"), picture)).toEqual(picture);
    expect((await decodeImage(at("alpha.png"), picture)).data).toEqual(picture.data);
  });

  it("repeats greyscale, takes the high byte of 16 bits, converts CMYK", async () => {
    const grey = Uint8Array.from({ length: 240 }, (_, i) => i);
    await sharp(grey, { raw: { width: 20, height: 12, channels: 1 } }).toColourspace("b-w").png().toFile(at("grey.png"));
    const decoded = await decodeImage(at("grey.png"), picture);
    expect([...decoded.data]).toEqual([...grey].flatMap((v) => [v, v, v]));
    const deep = Uint16Array.from(picture.data, (v) => v * 256 + 77);
    await sharp(deep, { raw: { width: 20, height: 12, channels: 3, depth: "ushort" } as never }).toColourspace("rgb16").png().toFile(at("deep.png"));
    expect((await sharp(at("deep.png")).metadata()).depth).toBe("ushort");
    expect((await decodeImage(at("deep.png"), picture)).data).toEqual(picture.data);
    await sharp({ create: { width: 20, height: 12, channels: 3, background: "#c02010" } }).toColourspace("cmyk").jpeg({ quality: 100 }).toFile(at("cmyk.jpg"));
    expect((await sharp(at("cmyk.jpg")).metadata()).space).toBe("cmyk");
    const [r, g, b] = pixel(await decodeImage(at("cmyk.jpg"), picture), 10, 6);
    expect(r).toBeGreaterThan(g + 60);
    expect(r).toBeGreaterThan(b + 60);
  });

  it("turns by EXIF when the annotated size is the turned one, or tells nothing", async () => {
    const six = await oriented(6); // shown by a quarter turn clockwise
    const stored = await decodeImage(six, { width: 20, height: 12 });
    const turned = await decodeImage(six, { width: 12, height: 20 });
    expect([turned.width, turned.height]).toEqual([12, 20]);
    expect(pixel(turned, 11, 0)).toEqual(pixel(stored, 0, 0));
    expect(pixel(turned, 0, 0)).toEqual(pixel(stored, 0, 11));
    const half = await decodeImage(await oriented(3), picture);
    expect(pixel(half, 19, 11)).toEqual(pixel(stored, 0, 0));
  });

  it("refuses another size, naming both", async () => {
    await raw().png().toFile(at("a.png"));
    await expect(decodeImage(at("a.png"), { width: 21, height: 12 })).rejects.toThrow(/a\.png: the file has 20×12 pixels, its annotation says 21×12/);
  });

  it("refuses truncated, foreign and missing files by name", async () => {
    await sharp(noise(200, 200, 2).data, { raw: { width: 200, height: 200, channels: 3 } }).jpeg().toFile(at("whole.jpg"));
    const bytes = readFileSync(at("whole.jpg"));
    for (const keep of [0.95, 0.5, 0.05]) {
      writeFileSync(at("cut.jpg"), bytes.subarray(0, Math.floor(bytes.length * keep)));
      await expect(decodeImage(at("cut.jpg"), { width: 200, height: 200 })).rejects.toThrow(/cut\.jpg: cannot be decoded .*fetch it again/);
    }
    writeFileSync(at("text.jpg"), "not an image");
    await expect(decodeImage(at("text.jpg"), picture)).rejects.toThrow(/text\.jpg: cannot be decoded/);
    await expect(decodeImage(at("gone.jpg"), picture)).rejects.toThrow(/gone\.jpg: no such image file/);
  });
});

const photographs = sharedFolder("data", "coco-mini", "images");
const python = photographs === undefined ? undefined : testPython(["PIL", "numpy"]);
describe.skipIf(python === undefined)("decodeImage beside Pillow", () => {
  it("gives the same pixels of photographs", async () => {
    const names = readdirSync(photographs!).sort().slice(0, 8).map((name) => join(photographs!, name));
    const script = "import sys,json\nfrom PIL import Image\nprint(json.dumps([[*(i:=Image.open(f)).size, list(i.convert('RGB').tobytes())] for f in sys.argv[1:]]))";
    const expected = JSON.parse(execFileSync(python!, ["-c", script, ...names], { encoding: "utf8", maxBuffer: 1 << 28 })) as [number, number, number[]][];
    for (const [k, [width, height, bytes]] of expected.entries()) {
      const { data } = await decodeImage(names[k], { width, height });
      expect(Buffer.compare(Buffer.from(data), Buffer.from(bytes)), names[k]).toBe(0);
    }
  });
});
