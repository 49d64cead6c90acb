import type { Notebook } from "../../notebook/index.ts";
import type { RunOptions } from "../types.ts";
export function htmlPath(options: RunOptions): string | undefined {
  void options; return undefined;
}
export async function renderReport(notebook: Notebook): Promise<string> {
  void notebook; return "";
}
