import { basename, isAbsolute } from "node:path";
import type { Notebook } from "../../notebook/index.ts";
import { renderCells } from "./cells.ts";
import { contentsOf, titleOf } from "./contents.ts";
import { renderHeader } from "./header.ts";
import { plainInline } from "./markdown.ts";
import { renderPage } from "./page.ts";
import { Scrubber } from "./scrub.ts";

export interface ReportOptions {
  /** The notebook's folder: pictures that its text links are taken in from there. */
  folder?: string | undefined;
  /** What is shown when neither a heading nor the metadata gives a title. */
  name?: string | undefined;
  /** Folders whose paths are shortened: the report tells nothing about the machine. */
  hide?: readonly (readonly [string, string])[];
}

/**
 * What stands for the absolute paths among the parameters: `…/` and the last name, which tells what was used and not where it
 * lies. A path that can be written from the working folder (`./`) or the home folder (`~/`) stays so.
 */
function namedPaths(notebook: Notebook, hide: readonly (readonly [string, string])[]): [string, string][] {
  const scrubber = new Scrubber(hide);
  const { parameters = {} } = (notebook.metadata.papermill ?? {}) as { parameters?: Record<string, unknown> };
  const paths = Object.values(parameters).flat().filter((value): value is string => typeof value === "string" && isAbsolute(value) && basename(value) !== "");
  return paths.filter((path) => !/^[.~](?:\/|$)/.test(scrubber.text(path))).map((path) => [path.replace(/[\\/]+$/, ""), `…/${basename(path)}`]);
}

/** An executed notebook as one HTML file that needs no network and no other file. */
export async function renderReport(notebook: Notebook, options: ReportOptions = {}): Promise<string> {
  const hide = options.hide ?? [];
  const scrubber = new Scrubber([...hide, ...namedPaths(notebook, hide)]);
  const title = titleOf(notebook) ?? { text: options.name === undefined ? "Notebook" : basename(options.name) };
  const { html, figures } = renderCells(notebook, { folder: options.folder, scrubber, titleCell: title.cell });
  const header = renderHeader(notebook, title, scrubber);
  return renderPage({ title: scrubber.text(plainInline(title.text)), header, contents: contentsOf(notebook).map((heading) => ({ ...heading, html: scrubber.text(heading.html) })), cells: html, figures });
}
