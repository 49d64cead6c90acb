/** A folder or file from the root on, of POSIX or Windows; addresses with a scheme are none. */
const absolute = /(?<![\w./\\~])(?:file:\/\/)?(?:~?\/[\w.@+~-]+(?:\/[\w.@+~-]+)+\/?|[A-Za-z]:\\(?:[^\\\s"'<>|]+\\)*[^\\\s"'<>|]*)/g;

/** Text in which an absolute path is its last part: where things lie on a machine is nobody else's business. */
export function withoutPaths(text: string): string {
  return text.replace(absolute, (path) => path.replace(/[\\/]+$/, "").split(/[\\/]/).at(-1)!);
}
