/** Binary data that a message can carry. */
export type Binary = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

export const isBinary = (value: unknown): value is Binary =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

/** A copy of the bytes, in memory of its own: what is changed afterwards is not sent, and no more than these bytes is. */
export function bytesOf(value: Binary): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value);
  return Uint8Array.from(view);
}
