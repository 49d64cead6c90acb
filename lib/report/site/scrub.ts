import { hostname, userInfo } from "node:os";

/** A folder or file from the root on, of POSIX or Windows; addresses with a scheme are none. */
const absolute = /(?<![\w./\\~])(?:file:\/\/)?(?:~?\/[\w.@+~-]+(?:\/[\w.@+~-]+)+\/?|[A-Za-z]:\\(?:[^\\\s"'<>|]+\\)*[^\\\s"'<>|]*)/g;

/** Text in which an absolute path is its last part: where things lie on a machine is nobody else's business. */
export function withoutPaths(text: string): string {
  return text.replace(absolute, (path) => path.replace(/[\\/]+$/, "").split(/[\\/]/).at(-1)!);
}

/** A message of a failure, which may name machine and user besides paths. */
export function withoutNames(text: string, names: readonly (readonly [string, string])[] = ownNames()): string {
  return names.reduce((rest, [name, word]) => (name.length < 2 ? rest : rest.replaceAll(new RegExp(`(?<![\\w-])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w-])`, "g"), word)), withoutPaths(text));
}

function ownNames(): readonly (readonly [string, string])[] {
  return [[hostname(), "this machine"], [userName(), "the user"]];
}

/** A user without an entry in the system's list has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
