/**
 * A dataset's name as it is written down: of a path the last two names, since where it lies is a machine's own business.
 * `/home/ada/data/bccd/annotations.json (val, 20 % by file name)` becomes `bccd/annotations.json (val, 20 % by file name)`.
 */
export function portableName(name: string): string {
  return name.split(/[\\/]/).slice(-2).join("/");
}
