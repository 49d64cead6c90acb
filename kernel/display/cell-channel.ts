import { randomUUID } from "node:crypto";
import type { MimeBundle, Rendered } from "./mime.ts";
import { preview, render } from "./render.ts";

/** How a cell's output and questions leave the process; the kernel provides it. */
export type CellChannel = {
  display(data: MimeBundle, options: { id?: string; update?: boolean; metadata?: Record<string, unknown> }): void;
  clearOutput(wait: boolean): void;
  input(prompt: string, options: { password: boolean }): Promise<string>;
  inputSync(prompt: string, options: { password: boolean }): string;
};

type State = { channel?: CellChannel; pending: Map<string, Promise<void>> };

/** One state for all copies of this module in a process: a notebook's folder may hold another Potstill. */
const key = Symbol.for("potstill.cell");
if (!(key in globalThis)) Object.defineProperty(globalThis, key, { value: { pending: new Map() } satisfies State });
const state = (globalThis as unknown as Record<symbol, State>)[key];

export function setChannel(channel: CellChannel): void {
  state.channel = channel;
}

/** @throws {Error} outside a notebook */
export function currentChannel(): CellChannel {
  if (state.channel === undefined) throw new Error("display, progress, input and their kin work in notebook cells only: no Potstill kernel runs in this process.");
  return state.channel;
}

/**
 * Sends a value's bundle at once when it is known at once. A figure's still picture takes a moment: what is known at once
 * keeps its place among the other output, and is completed through its display id; later updates of the same id wait their turn.
 */
export function send(value: unknown, { id, update = false, metadata = {} }: { id: string | undefined; update?: boolean; metadata?: Record<string, unknown> | undefined }): void {
  const channel = currentChannel();
  const before = id === undefined ? undefined : state.pending.get(id);
  const rendered = before === undefined ? render(value) : before.then(() => render(value));
  const merged = (done: Rendered): Rendered => ({ data: done.data, metadata: { ...done.metadata, ...metadata } });
  if (!(rendered instanceof Promise)) { emit(channel, merged(rendered), { id, update }); return; }
  const place = id ?? randomUUID();
  if (!update) channel.display(preview(value), { id: place, metadata });
  track(place, rendered.then((done) => emit(channel, merged(done), { id: place, update: true })));
}

function emit(channel: CellChannel, { data, metadata }: Rendered, { id, update }: { id: string | undefined; update: boolean }): void {
  channel.display(data, { ...(id === undefined ? {} : { id }), ...(update ? { update } : {}), metadata });
}

function track(id: string, work: Promise<void>): void {
  const settled = work.catch((error: unknown) => { process.emitWarning(`A display was lost: ${String(error)}`); }).then(() => {
    if (state.pending.get(id) === settled) state.pending.delete(id);
  });
  state.pending.set(id, settled);
}

/** What is still being made is waited for no longer: after an interrupt it may never come. */
export function forgetPending(): void {
  state.pending.clear();
}

/** Waits until everything displayed so far has been sent; the kernel calls it before a cell ends. Never rejects. */
export async function flush(): Promise<void> {
  while (state.pending.size > 0) await Promise.all(state.pending.values());
}
