import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { readNotebook } from "../notebook/index.ts";
import type { Notebook } from "../notebook/index.ts";

async function readText(path: string): Promise<string> {
  if (path === "-") return text(process.stdin);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) throw new Error(`Cannot read ${path}: Potstill runs local notebooks. Download it first.`);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === "ENOENT" ? `No notebook at ${path}.` : `Cannot read the notebook ${path}: ${message}`, { cause: error });
  }
}

/** The notebook at a path, or from standard input for `-`. Throws an Error that names the file. */
export async function loadNotebook(path: string): Promise<Notebook> {
  return readNotebook(await readText(path), path === "-" ? "standard input" : path);
}
