import { basename } from "node:path";
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

/** An executed notebook as one HTML file that needs no network and no other file. */
export async function renderReport(notebook: Notebook, options: ReportOptions = {}): Promise<string> {
  const scrubber = new Scrubber(options.hide ?? []);
  const title = titleOf(notebook) ?? { text: options.name === undefined ? "Notebook" : basename(options.name) };
  const { html, figures } = renderCells(notebook, { folder: options.folder, scrubber, titleCell: title.cell });
  const header = renderHeader(notebook, title, scrubber);
  return renderPage({ title: scrubber.text(plainInline(title.text)), header, contents: contentsOf(notebook).map((heading) => ({ ...heading, html: scrubber.text(heading.html) })), cells: html, figures });
}
