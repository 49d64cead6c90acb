/**
 * Makes the methods of `console` those of a console of its own.
 *
 * Node's global ones also report each call to the inspector, which this kernel evaluates cells with: that takes half of
 * the time of a printed line, and keeps the last thousand printed values from being collected.
 */
export function detachConsole(): void {
  const own = new console.Console({ stdout: process.stdout, stderr: process.stderr });
  const [from, to] = [own, console] as unknown as Record<string, unknown>[];
  for (const [name, method] of Object.entries(from)) {
    if (typeof method === "function" && typeof to[name] === "function" && name !== "Console") to[name] = method;
  }
}
