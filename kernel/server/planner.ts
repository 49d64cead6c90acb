import { randomUUID } from "node:crypto";
import { splitMagics } from "../language/magics.ts";
import { cellLabel } from "../language/link.ts";
import type { CellRequest, MimeBundle } from "../language/link.ts";
import type { Message } from "../protocol/messages.ts";
import type { IoPub } from "./iopub.ts";
import { runMagics } from "./magics/runner.ts";
import type { MagicResult, MagicSurroundings } from "./magics/runner.ts";
import type { CellSettings } from "./settings.ts";
import { aborted } from "./within.ts";

/** Files that hold settings. */
interface SettingsSource {
  /** Reads them again if they have changed; undefined when not. `metadata` is the cell's. Never rejects. */
  refresh(metadata: Message["metadata"]): Promise<void> | undefined;
}

/** How a cell is to be run. */
export type CellPlan = MagicResult;

/** How long an interrupted magic may take to undo what it began, in milliseconds. */
const interruptGrace = 5000;

const nothing = (): void => undefined;

/** Finds out, before a cell runs, how to: from the kernel's settings, the cell's metadata, and its magics, which it runs. */
export class Planner {
  readonly #around: MagicSurroundings;
  readonly #iopub: IoPub;
  readonly #sources: readonly SettingsSource[];

  /** @param sources where settings come from that may change between cells */
  constructor(around: MagicSurroundings, sources: readonly SettingsSource[], iopub: IoPub) {
    this.#around = around;
    this.#sources = sources;
    this.#iopub = iopub;
  }

  /** @param interrupted aborted when the cell is interrupted */
  async plan(cell: CellRequest, { header, metadata }: Message, interrupted: AbortSignal): Promise<CellPlan> {
    const changes = this.#sources.map((source) => source.refresh(metadata)).filter((change) => change !== undefined);
    if (changes.length > 0) await Promise.race([Promise.all(changes), aborted(interrupted)]);
    const asked = this.#around.settings.of(this.#around.settings.fromMetadata(metadata, "the cell's metadata"));
    const settings = hasJsxPragma(cell.code) ? { ...asked, tsx: true } : asked;
    for (const text of this.#around.settings.takeComplaints()) this.#iopub.stream("stderr", `${text}\n`, header);
    const calls = splitMagics(cell.code).magics;
    if (calls.length === 0) return { settings, ended: nothing };
    const running = runMagics(calls, this.#cell(cell, settings, header), { ...this.#around, signal: interrupted });
    return Promise.race([running, afterGrace(interrupted).then(() => ({ settings, ended: nothing }))]);
  }

  #cell(cell: CellRequest, settings: CellSettings, header: Message["header"]): Parameters<typeof runMagics>[1] {
    return {
      code: cell.code,
      label: cellLabel(cell),
      settings,
      print: (text, stream) => this.#iopub.stream(stream, text, header),
      display: (data) => this.#display(data, header),
    };
  }

  #display(first: MimeBundle, header: Message["header"]): (data: MimeBundle) => void {
    const transient = { display_id: randomUUID() };
    const show = (type: string, data: MimeBundle): void => this.#iopub.publish(type, { data, metadata: {}, transient }, header);
    show("display_data", first);
    return (data) => show("update_display_data", data);
  }
}

/** `@jsx` in a comment at a cell's top asks for elements: TypeScript's pragma, and tslab's way to mark such cells. */
const hasJsxPragma = (code: string): boolean => /^\s*(?:\/\/[^\n]*\n\s*|\/\*(?:(?!\*\/)[^])*\*\/\s*)*\/\*\*(?:(?!\*\/)[^])*@jsx\b/.test(code);

/** Resolves some time after the signal: what was interrupted may need it to end in good order. */
function afterGrace(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const begin = (): void => void setTimeout(resolve, interruptGrace).unref();
    if (signal.aborted) begin();
    else signal.addEventListener("abort", begin, { once: true });
  });
}
