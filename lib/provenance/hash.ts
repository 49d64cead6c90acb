import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readlinkSync } from "node:fs";

/** SHA-256 (hex) of a text or bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 (hex) and bytes of a file; a link's are those of the path that it holds. @throws Error when it cannot be read */
export async function hashFile(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return { sha256: sha256(readlinkSync(path)), bytes: info.size };
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(block as Buffer);
    bytes += (block as Buffer).length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
