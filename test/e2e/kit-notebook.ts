import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { potstill, root } from "../potstill.ts";

interface Output { readonly output_type: string; readonly data?: Record<string, unknown> }
interface Cell { readonly id: string; readonly cell_type: string; readonly outputs?: Output[]; readonly source: string | string[]; readonly execution_count?: number | null }
export interface Notebook { readonly cells: Cell[]; readonly metadata: { readonly papermill: { exception: unknown } } }

/** What a notebook's file holds as one string or a list of lines. */
export const text = (value: unknown) => (Array.isArray(value) ? value.join("") : String(value));

/**
 * A notebook of the kit, as committed and as a user runs it: through the runner and the kernel, into a folder that ends with the
 * tests. Parameters are YAML.
 */
export function kitNotebook(name: string, usual: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), "potstill-e2e-"));
  afterAll(() => { rmSync(folder, { recursive: true }); });
  const file = join("notebooks", name);
  const run = async (as: string, parameters: Readonly<Record<string, string>>): Promise<Notebook> => {
    const out = join(folder, `${as}.ipynb`);
    const given = Object.entries({ ...usual, ...parameters }).flatMap(([key, value]) => ["-y", `${key}: ${value}`]);
    const { code, stderr } = await potstill(["run", file, out, "--html", "--cwd", root, ...given]);
    expect(code, stderr).toBe(0);
    return JSON.parse(readFileSync(out, "utf8")) as Notebook;
  };
  return { run, folder, report: (as: string) => readFileSync(join(folder, `${as}.html`), "utf8"), source: () => readFileSync(join(root, file), "utf8") };
}
