import { crc32, deflateSync } from "node:zlib";

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/**
 * The few things that Plotly does with a canvas (cells of heat maps and images): filled rectangles, pixels, PNG.
 * Colours are `rgb()`, `rgba()` or `#rrggbb`; a rectangle replaces what is under it.
 */
export class Raster {
  fillStyle = "#000000";
  readonly #width: number;
  readonly #height: number;
  readonly #pixels: Uint8ClampedArray;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#pixels = new Uint8ClampedArray(width * height * 4);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const [left, right] = span(x, width, this.#width);
    const [top, bottom] = span(y, height, this.#height);
    const colour = parseColour(this.fillStyle);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) this.#pixels.set(colour, (row * this.#width + column) * 4);
    }
  }

  clearRect(x: number, y: number, width: number, height: number): void {
    const kept = this.fillStyle;
    this.fillStyle = "rgba(0,0,0,0)";
    this.fillRect(x, y, width, height);
    this.fillStyle = kept;
  }

  createImageData(width: number, height: number): { width: number; height: number; data: Uint8ClampedArray } {
    return { width, height, data: new Uint8ClampedArray(width * height * 4) };
  }

  putImageData(image: { width: number; height: number; data: ArrayLike<number> }, x: number, y: number): void {
    for (let row = 0; row < Math.min(image.height, this.#height - y); row++) {
      for (let column = 0; column < Math.min(image.width, this.#width - x); column++) {
        for (let c = 0; c < 4; c++) this.#pixels[((row + y) * this.#width + column + x) * 4 + c] = image.data[(row * image.width + column) * 4 + c]!;
      }
    }
  }

  getImageData(x: number, y: number, width: number, height: number): { width: number; height: number; data: Uint8ClampedArray } {
    const image = this.createImageData(width, height);
    for (let row = 0; row < height; row++) {
      const from = ((row + y) * this.#width + x) * 4;
      image.data.set(this.#pixels.subarray(from, from + width * 4), row * width * 4);
    }
    return image;
  }

  toDataURL(): string {
    return `data:image/png;base64,${encodePng(this.#pixels, this.#width, this.#height).toString("base64")}`;
  }
}

/** Whole pixels that a possibly negative extent covers, inside the raster. */
function span(start: number, length: number, limit: number): readonly [number, number] {
  const clamp = (value: number): number => Math.min(limit, Math.max(0, Math.round(value)));
  return [clamp(Math.min(start, start + length)), clamp(Math.max(start, start + length))];
}

function parseColour(text: string): Colour {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text);
  if (hex !== null) return [parseInt(hex[1], 16), parseInt(hex[2], 16), parseInt(hex[3], 16), 255];
  const [red = 0, green = 0, blue = 0, alpha = 1] = (/\(([^)]*)\)/.exec(text)?.[1] ?? "").split(",").map(Number);
  return [red, green, blue, Math.round(alpha * 255)];
}

/** RGBA pixels, row by row, as a PNG file (8 bits per channel, no filter). */
export function encodePng(pixels: Uint8ClampedArray, width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (width * 4 + 1));
  for (let row = 0; row < height; row++) rows.set(pixels.subarray(row * width * 4, (row + 1) * width * 4), row * (width * 4 + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits, RGBA, deflate, no filter method, not interlaced
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}
