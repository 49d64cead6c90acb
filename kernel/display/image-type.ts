import type { MimeBundle } from "./mime.ts";

const signatures: readonly (readonly [type: string, offset: number, bytes: readonly number[]])[] = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
];

/** The MIME type of an encoded image, told by its first bytes; undefined for anything else. */
export function imageType(bytes: Uint8Array): string | undefined {
  const known = signatures.find(([, offset, expected]) => expected.every((byte, i) => bytes[offset + i] === byte));
  if (known !== undefined) return known[0];
  const start = Buffer.from(bytes.subarray(0, 512)).toString("utf8");
  return /^\ufeff?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/.test(start) ? "image/svg+xml" : undefined;
}

/** The bundle of an encoded image; undefined for other bytes. */
export function encodedImage(bytes: Uint8Array): MimeBundle | undefined {
  const type = imageType(bytes);
  if (type === undefined) return undefined;
  if (type === "image/svg+xml") return { [type]: Buffer.from(bytes).toString("utf8"), "text/plain": "[SVG image]" };
  return { [type]: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"), "text/plain": `[${type.slice(6).toUpperCase()} image, ${bytes.length} bytes]` };
}
