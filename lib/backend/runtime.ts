/** Path of the native binding to load: `POTSTILL_BINDING`. */
export function findBinding(_options: { preferGpu?: boolean } = {}): string | undefined {
  return process.env.POTSTILL_BINDING;
}
