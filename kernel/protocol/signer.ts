import { createHmac, getHashes, timingSafeEqual } from "node:crypto";

/** Signs the four JSON frames of a message and checks signatures in constant time. */
export interface Signer {
  /** Lower-case hexadecimal HMAC of the frames; empty when the connection has no key. */
  sign(frames: readonly Uint8Array[]): string;
  /** Whether `signature` belongs to the frames. The comparison takes the same time wherever the two differ. */
  verify(signature: Uint8Array, frames: readonly Uint8Array[]): boolean;
}

const unsigned: Signer = { sign: () => "", verify: () => true };

/**
 * A signer for a connection file's `key` and `signature_scheme` (messaging.rst, "The wire protocol").
 * An empty key turns signing off, as the protocol says. Throws when the scheme is not `hmac-<digest>` of a known digest.
 */
export function createSigner(key: string, scheme: string): Signer {
  if (key === "") return unsigned;
  const digest = digestOf(scheme);
  const compute = (frames: readonly Uint8Array[]): Buffer => {
    const hmac = createHmac(digest, key);
    for (const frame of frames) hmac.update(frame);
    return Buffer.from(hmac.digest("hex"), "latin1");
  };
  return {
    sign: (frames) => compute(frames).toString("latin1"),
    verify: (signature, frames) => {
      const expected = compute(frames);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}

function digestOf(scheme: string): string {
  const digest = /^hmac-([a-z0-9-]+)$/.exec(scheme)?.[1];
  if (digest !== undefined && getHashes().includes(digest)) return digest;
  throw new Error(`signature_scheme: received "${scheme}", expected "hmac-" and a digest such as sha256; correct the connection file.`);
}
