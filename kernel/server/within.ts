/** What the promise resolves with; rejects with an error that says `late` when that takes longer than so many milliseconds. */
export async function within<T>(work: Promise<T>, milliseconds: number, late: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(late)), milliseconds); });
  return Promise.race([work, lateness]).finally(() => clearTimeout(timer));
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
