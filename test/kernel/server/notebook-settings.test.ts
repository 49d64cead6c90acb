import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NotebookSettings } from "../../../kernel/server/notebook-settings.ts";
import { Settings } from "../../../kernel/server/settings.ts";

let folder: string;
let settings: Settings;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "potstill-settings-")); settings = Settings.fromEnvironment({ POTSTILL_TYPECHECK: "off" }); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let clock = 1_000_000;
function save(metadata: object | string): void {
  const path = join(folder, "my.ipynb");
  writeFileSync(path, typeof metadata === "string" ? metadata : JSON.stringify({ cells: [], metadata }));
  utimesSync(path, ++clock, clock);
}

it("follows the file that JPY_SESSION_NAME names, by path or by name", async () => {
  for (const name of ["my.ipynb", join(folder, "my.ipynb")]) {
    save({ potstill: { typecheck: "warn", tsx: true } });
    const notebook = new NotebookSettings(settings, { JPY_SESSION_NAME: name }, folder);
    await notebook.refresh();
    expect(settings.of()).toEqual({ typecheck: "warn", tsx: true });
    save({ kernelspec: { name: "potstill" } });
    await notebook.refresh();
    expect(settings.of()).toEqual({ typecheck: "off", tsx: false });
  }
});

it("follows the file in the id that VS Code gives a cell, as VS Code tells no path otherwise", async () => {
  save({ potstill: { typecheck: "warn" } });
  const odd = join(folder, "my ünïque.ipynb");
  writeFileSync(odd, JSON.stringify({ cells: [], metadata: { potstill: { tsx: true } } }));
  const [plain, escaped] = [join(folder, "my.ipynb"), odd.split("/").map(encodeURIComponent).join("/")];
  for (const [cellId, expected] of [[`vscode-notebook-cell:${plain}#W0sZmlsZQ==`, { typecheck: "warn", tsx: false }], [`vscode-notebook-cell://ssh-remote%2Bhost${escaped}#X`, { typecheck: "off", tsx: true }]] as const) {
    await new NotebookSettings(settings, {}, folder).refresh({ cellId });
    expect(settings.of()).toEqual(expected);
  }
});

it("takes no other id of a cell for a path", () => {
  for (const cellId of ["5d1f8d3c", "vscode-interactive-input:/x.ipynb", "vscode-notebook-cell:Untitled-1.ipynb#W0", 7]) {
    expect(new NotebookSettings(settings, {}, folder).refresh({ cellId })).toBeUndefined();
  }
});

it("keeps what it knows while a file is half saved or gone, and complains of what is no setting", async () => {
  save({ potstill: { typecheck: "warn" } });
  const notebook = new NotebookSettings(settings, { JPY_SESSION_NAME: "my.ipynb" }, folder);
  await notebook.refresh();
  save('{"metadata": {"potstill": {"typeche');
  await notebook.refresh();
  expect(settings.of().typecheck).toBe("warn");
  rmSync(join(folder, "my.ipynb"));
  await notebook.refresh();
  expect(settings.of().typecheck).toBe("warn");
  save({ potstill: { typecheck: "lax" } });
  await notebook.refresh();
  expect(settings.takeComplaints()).toEqual([expect.stringContaining("the notebook's metadata: potstill.typecheck must be")]);
});

it("takes what a runner passes on, and does not look for files then", () => {
  const env = { POTSTILL_NOTEBOOK_SETTINGS: JSON.stringify({ potstill: { typecheck: "error" } }), JPY_SESSION_NAME: "my.ipynb" };
  expect(new NotebookSettings(settings, env, folder).refresh()).toBeUndefined();
  expect(settings.of().typecheck).toBe("error");
});

it("does not take another session's name for a notebook", () => {
  expect(new NotebookSettings(settings, { JPY_SESSION_NAME: "5f0c-console" }, folder).refresh()).toBeUndefined();
});
