/** A command line as a person types it: arguments with spaces and the like in quotes. */
export function commandLine(...words: readonly string[]): string {
  return ["npx potstill", ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(" ");
}
