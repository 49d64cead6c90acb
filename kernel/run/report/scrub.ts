/** Takes the machine's folders out of what a report shows. */
export class Scrubber {
  readonly #names: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | undefined;

  /** @param hide pairs of a folder and what to write instead; longer folders go first */
  constructor(hide: readonly (readonly [string, string])[]) {
    const usable = hide.filter(([folder]) => folder.length > 1).sort(([a], [b]) => b.length - a.length);
    this.#names = new Map(usable);
    const folders = usable.map(([folder]) => folder.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    // Data URIs are matched too, so that base64 is never taken for a path.
    this.#pattern = folders === "" ? undefined : new RegExp(`data:[a-z]+/[^"'\\s)]+|(?<![\\w.-])(${folders})(?![\\w.-])`, "g");
  }

  text(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (whole, folder: string | undefined) => (folder === undefined ? whole : (this.#names.get(folder) ?? whole)));
  }
}
