/** Placeholder until the next commit. */
export function installCancelPoints(): void {}
