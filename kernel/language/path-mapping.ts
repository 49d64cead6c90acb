import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { locateTypeScript } from "./typescript-files.ts";

/** A tsconfig's `paths`: patterns with at most one `*`, and where to look, relative to `base`, for what they match. */
export interface PathMapping {
  readonly base: string;
  readonly patterns: readonly (readonly [pattern: string, targets: readonly string[]])[];
}

/**
 * The file that a specifier means by a mapping, as a URL; undefined when none exists. As in TypeScript an exact pattern
 * wins, then the one with the longest beginning.
 */
export function mapPath(specifier: string, { base, patterns }: PathMapping): string | undefined {
  const matching = patterns
    .map(([pattern, targets]) => ({ pattern, targets, rest: matched(specifier, pattern) }))
    .filter((each): each is typeof each & { rest: string } => each.rest !== undefined)
    .sort((a, b) => rank(b.pattern) - rank(a.pattern));
  for (const { targets, rest } of matching) {
    const found = targets.map((target) => fileAt(resolve(base, target.replace("*", () => rest)))).find((url) => url !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

const rank = (pattern: string): number => (pattern.includes("*") ? pattern.indexOf("*") : Infinity);

/** What `*` stands for. */
function matched(specifier: string, pattern: string): string | undefined {
  const star = pattern.indexOf("*");
  if (star < 0) return specifier === pattern ? "" : undefined;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const fits = specifier.length >= start.length + end.length && specifier.startsWith(start) && specifier.endsWith(end);
  return fits ? specifier.slice(start.length, specifier.length - end.length) : undefined;
}

function fileAt(path: string): string | undefined {
  const url = pathToFileURL(path).href;
  if (existsSync(path) && statSync(path).isFile()) return url;
  return locateTypeScript(url);
}
