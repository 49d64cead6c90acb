/** Placeholder until the next commit. */
export function registerPatches(): void {}
