import type { CodeCell, DisplayOutput, MimeBundle, Output, ResultOutput } from "../notebook/index.ts";

/** The part of a kernel message that makes outputs. */
export interface OutputMessage {
  header: { msg_type: string };
  content: Record<string, unknown>;
}

type Shown = DisplayOutput | ResultOutput;

function text(value: unknown): string {
  return Array.isArray(value) ? value.join("") : typeof value === "string" ? value : "";
}

function shown(content: Record<string, unknown>): { data: MimeBundle; metadata: Record<string, unknown> } {
  return { data: (content.data ?? {}) as MimeBundle, metadata: (content.metadata ?? {}) as Record<string, unknown> };
}

function displayId(content: Record<string, unknown>): string | undefined {
  const id = (content.transient as { display_id?: unknown } | null | undefined)?.display_id;
  return typeof id === "string" ? id : undefined;
}

const backspace = new RegExp("[^\\n]" + "\b", "g");

/** Plays backspaces and carriage returns as a terminal would, so that a progress bar leaves its last state only. */
export function settle(stream: string): string {
  let before: string;
  let after = stream;
  do {
    before = after;
    after = before.replace(backspace, "");
  } while (after.length < before.length);
  return after.replace(/\r+\n/g, "\n").split("\n").map(lastState).join("\n");
}

/** What a terminal line shows in the end: the text after its last carriage return that is followed by any. */
function lastState(line: string): string {
  const at = line.replace(/\r$/, "").lastIndexOf("\r");
  return line.slice(at + 1);
}

/**
 * Builds the outputs of all cells from messages, with nbclient's meaning of `clear_output`
 * (also delayed) and of display ids, which reach across cells. Consecutive pieces of one stream are joined.
 */
export class OutputArea {
  #displays = new Map<string, Shown[]>();
  #clearNext = new Set<CodeCell>();

  /** Applies one message; returns the output it added or the one it extended, if any. */
  apply(cell: CodeCell, message: OutputMessage): Output | undefined {
    const { content } = message;
    switch (message.header.msg_type) {
      case "stream":
        return this.#stream(cell, text(content.name) || "stdout", text(content.text));
      case "display_data":
        return this.#show(cell, { output_type: "display_data", ...shown(content) }, displayId(content));
      case "execute_result":
        return this.#show(cell, { output_type: "execute_result", ...shown(content), execution_count: cell.execution_count }, displayId(content));
      case "update_display_data":
        return this.#update(displayId(content), content);
      case "error":
        return this.#add(cell, { output_type: "error", ename: text(content.ename), evalue: text(content.evalue), traceback: (content.traceback as string[] | undefined) ?? [] });
      case "clear_output":
        if (content.wait === true) this.#clearNext.add(cell);
        else cell.outputs = [];
        return undefined;
      default:
        return undefined; // comms and what later protocols bring leave no output
    }
  }

  /** Finishes a cell: control characters of its streams are played. */
  finish(cell: CodeCell): void {
    for (const output of cell.outputs) if (output.output_type === "stream" && /[\b\r]/.test(output.text)) output.text = settle(output.text);
  }

  #add(cell: CodeCell, output: Output): Output {
    if (this.#clearNext.delete(cell)) cell.outputs = [];
    cell.outputs.push(output);
    return output;
  }

  #stream(cell: CodeCell, name: string, piece: string): Output {
    const last = this.#clearNext.has(cell) ? undefined : cell.outputs.at(-1);
    if (last?.output_type !== "stream" || last.name !== name) return this.#add(cell, { output_type: "stream", name, text: piece });
    last.text += piece;
    return last;
  }

  #show(cell: CodeCell, output: Shown, id: string | undefined): Output {
    if (id !== undefined) {
      this.#replace(id, output);
      this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
    }
    return this.#add(cell, output);
  }

  #update(id: string | undefined, content: Record<string, unknown>): Output | undefined {
    return id === undefined ? undefined : this.#replace(id, shown(content));
  }

  #replace(id: string, next: { data: MimeBundle; metadata: Record<string, unknown> }): Output | undefined {
    const all = this.#displays.get(id) ?? [];
    for (const output of all) Object.assign(output, { data: next.data, metadata: next.metadata });
    return all.at(-1);
  }
}
