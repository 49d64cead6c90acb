import sharp from "sharp";
import type { ImageInfo, Pixels } from "./dataset.ts";
import { DatasetError } from "./error.ts";

const swaps = (orientation: number) => orientation >= 5;

/**
 * Decodes an image file to 8-bit RGB: greyscale is repeated, CMYK converted, 16 bits divided by 256, alpha left out,
 * and an embedded colour profile ignored, as Pillow and OpenCV do.
 *
 * EXIF orientation is applied when the annotated size is the turned one, or when size cannot tell (half turns, mirrors,
 * squares), as annotators see the image turned; a file whose *stored* size is the annotated one keeps its stored pixels.
 *
 * Rejects with DatasetError (file, reason) when it is missing, not an image, truncated, or not of the annotated size.
 */
export async function decodeImage(file: string, expected: Pick<ImageInfo, "width" | "height">): Promise<Pixels> {
  const fail = (reason: string): never => {
    throw new DatasetError(`${file}: ${reason}`);
  };
  try {
    const input = sharp(file, { failOn: "error", ignoreIcc: true });
    const { width, height, orientation = 1 } = await input.metadata();
    const stored = width === expected.width && height === expected.height;
    const turned = height === expected.width && width === expected.height;
    const apply = orientation > 1 && (swaps(orientation) ? turned : stored);
    if (!(apply && swaps(orientation) ? turned : stored)) {
      fail(`the file has ${width}×${height} pixels, its annotation says ${expected.width}×${expected.height}; annotate the file as it is, or restore the original file`);
    }
    const upright = apply ? input.autoOrient() : input;
    const { data, info } = await upright.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) fail(`decodes to ${info.channels} channels, expected 3`);
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width: info.width, height: info.height };
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    const detail = error instanceof Error ? error.message.replaceAll(file, "").trim() : String(error);
    if (detail.startsWith("Input file is missing")) fail("no such image file; restore it, or name the image folder");
    return fail(`cannot be decoded (${detail}); the image is broken or truncated, fetch it again`);
  }
}
