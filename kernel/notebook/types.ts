/** A bundle of one value's representations, keyed by MIME type: text as string, `…json` as JSON values. */
export type MimeBundle = Record<string, unknown>;

export interface StreamOutput {
  output_type: "stream";
  name: string;
  text: string;
}

export interface DisplayOutput {
  output_type: "display_data";
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

export interface ResultOutput {
  output_type: "execute_result";
  data: MimeBundle;
  metadata: Record<string, unknown>;
  execution_count: number | null;
}

export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}

export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

/** What a cell says about itself; keys that Potstill does not know are kept as they are. */
export interface CellMetadata {
  tags?: string[];
  [key: string]: unknown;
}

interface CellBase {
  id: string;
  metadata: CellMetadata;
  source: string;
  attachments?: Record<string, MimeBundle>;
}

export interface CodeCell extends CellBase {
  cell_type: "code";
  outputs: Output[];
  execution_count: number | null;
}

export interface TextCell extends CellBase {
  cell_type: "markdown" | "raw";
}

export type Cell = CodeCell | TextCell;

export interface NotebookMetadata {
  kernelspec?: { name?: string; display_name?: string; language?: string; [key: string]: unknown };
  language_info?: { name?: string; [key: string]: unknown };
  title?: string;
  [key: string]: unknown;
}

/** A notebook of nbformat 4 in memory: multi-line text is joined, every cell has an id. */
export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: NotebookMetadata;
  cells: Cell[];
}

/** Whether a cell carries a tag. */
export function hasTag(cell: Cell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}
