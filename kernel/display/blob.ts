import { encodedImage } from "./image-type.ts";
import { isObject } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";
import { plainText } from "./plain-text.ts";

/** Larger blobs are not read just to be shown. */
const mostBytes = 50 * 1024 * 1024;

/** A picture in a Blob or File, which must be read before it can be shown. */
export const isImageBlob = (value: unknown): value is Blob =>
  isObject(value) && value instanceof Blob && value.type.startsWith("image/") && value.size <= mostBytes;

export async function blobBundle(blob: Blob): Promise<MimeBundle> {
  return encodedImage(new Uint8Array(await blob.arrayBuffer())) ?? { "text/plain": plainText(blob) };
}
