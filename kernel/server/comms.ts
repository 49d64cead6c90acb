import { commMark } from "../language/link.ts";
import type { CommMessage, CommNews, ToInterpreter } from "../language/link.ts";
import { asObject, asString } from "../protocol/messages.ts";
import type { Header, JsonObject, Received } from "../protocol/messages.ts";
import type { Executions } from "./executions.ts";
import type { IoPub } from "./iopub.ts";

/** What comms work with. */
export interface CommParts {
  readonly iopub: IoPub;
  readonly executions: Pick<Executions, "current" | "requestOf">;
  readonly post: (message: ToInterpreter) => void;
}

const kinds: Readonly<Record<string, CommMessage["kind"]>> = { comm_open: "open", comm_msg: "msg", comm_close: "close" };

/** Targets that the kernel answers without a cell having asked for it. */
const ownTargets = ["jupyter.widget.control"];

/** Widgets stay on the page, disconnected, when their kernel ends: closing their comms would remove them from it. */
const survivors = "jupyter.widget";

/**
 * The comms of a kernel, and the way of their messages.
 *
 * Messages go to the main thread at once, not behind the cells that wait: a button must work while its cell runs, and
 * JavaScript's event loop hears it at the next `await`. Only an opening whose target nobody has registered yet waits
 * for the cells that were sent before it.
 */
export class Comms {
  readonly #parts: CommParts;
  readonly #open = new Map<string, string>();
  readonly #targets = new Set(ownTargets);
  readonly #watched = new Map<string, Int32Array>();
  /** Messages that the main thread has not yet handled. */
  readonly #handling = new Map<number, Header>();
  #waiting: { readonly message: CommMessage; readonly header: Header; cells: number }[] = [];
  #ids = 0;
  #cells = 0;

  constructor(parts: CommParts) {
    this.#parts = parts;
  }

  /** Whether a message of the shell channel belongs to a comm. */
  isComm({ message }: Received): boolean {
    return Object.hasOwn(kinds, message.header.msg_type);
  }

  /** Takes a frontend's message. */
  receive({ message: { header, content, metadata, buffers } }: Received): void {
    const { iopub } = this.#parts;
    iopub.status("busy", header);
    const kind = kinds[header.msg_type];
    const commId = asString(content.comm_id);
    const message: CommMessage = {
      kind, commId, metadata, buffers,
      ...(kind === "open" ? { target: asString(content.target_name) } : {}),
      data: asObject(content.data) ?? {},
    };
    if (commId === "") this.#refuse(header, `A ${header.msg_type} without a comm_id was ignored.`);
    else this.#route(message, header);
  }

  /** The content of `comm_info_reply`: the open comms, of one target if that is named. */
  info(target: string): JsonObject {
    const chosen = [...this.#open].filter(([, name]) => target === "" || name === target);
    return { status: "ok", comms: Object.fromEntries(chosen.map(([id, name]) => [id, { target_name: name }])) };
  }

  /** What the main thread tells. */
  hear(news: CommNews): void {
    switch (news.type) {
      case "comm": return this.#send(news);
      case "comm-handled": return this.#handled(news.id);
      case "comm-target": return this.#target(news.name, news.known);
      case "comm-watch": return void this.#watched.set(news.commId, news.marks);
    }
  }

  /** A cell was sent: it may register the targets of what is opened after it. */
  cellQueued(): void {
    this.#cells++;
  }

  cellEnded(): void {
    this.#cells--;
    for (const each of this.#waiting) each.cells--;
    if (this.#waiting.some(({ cells }) => cells <= 0)) this.#retry();
  }

  /** Tells the frontends that the kernel ends. */
  close(): void {
    for (const [id, target] of this.#open) if (target !== survivors) this.#publish({ kind: "close", commId: id, data: {}, metadata: {}, buffers: [] }, undefined);
    this.#open.clear();
  }

  /** @param before how many of the cells sent before the message have not ended */
  #route(message: CommMessage, header: Header, before = this.#cells): void {
    const { kind, commId, target = "" } = message;
    if (this.#waiting.some(({ message: earlier }) => earlier.commId === commId)) this.#wait(message, header, Infinity);
    else if (kind !== "open") this.#deliver(message, header);
    else if (this.#open.has(commId)) this.#refuse(header, `A comm with the id ${commId} is open already.`);
    else if (this.#targets.has(target)) this.#accept(message, header);
    else if (before > 0) this.#wait(message, header, before);
    else this.#reject(message, header);
  }

  #wait(message: CommMessage, header: Header, cells: number): void {
    this.#waiting.push({ message, header, cells });
  }

  /** What waited goes its way, in order; what still has to wait waits on. */
  #retry(): void {
    for (const { message, header, cells } of this.#waiting.splice(0)) this.#route(message, header, cells);
  }

  #accept(message: CommMessage, header: Header): void {
    this.#open.set(message.commId, message.target ?? "");
    this.#forward(message, header);
  }

  /** As ipykernel does: the comm is closed, and who looks for the reason finds it on stderr. */
  #reject({ commId, target }: CommMessage, header: Header): void {
    this.#publish({ kind: "close", commId, data: {}, metadata: {}, buffers: [] }, header);
    this.#refuse(header, `No such comm target registered: ${target}. A cell registers it with comms.registerTarget(${JSON.stringify(target)}, …).`);
  }

  #deliver(message: CommMessage, header: Header): void {
    const { kind, commId } = message;
    if (!this.#open.has(commId)) return this.#refuse(header, `No such comm: ${commId}`);
    if (kind === "close") this.#forget(commId);
    else this.#mark(message);
    this.#forward(message, header);
  }

  #forward(message: CommMessage, header: Header): void {
    const id = ++this.#ids;
    this.#handling.set(id, header);
    this.#parts.post({ type: "comm", id, message });
  }

  #handled(id: number): void {
    const header = this.#handling.get(id);
    this.#handling.delete(id);
    if (header) this.#idle(header);
  }

  #refuse(header: Header, text: string): void {
    this.#parts.iopub.publish("stream", { name: "stderr", text: `${text}\n` }, header);
    this.#idle(header);
  }

  #idle(header: Header): void {
    const { iopub, executions } = this.#parts;
    iopub.status("idle", header);
    // Frontends show the last status they hear: a cell that still runs keeps the kernel busy.
    if (executions.current) iopub.status("busy", executions.current);
  }

  #send({ message, cell, cause }: Extract<CommNews, { type: "comm" }>): void {
    if (message.kind === "open") this.#open.set(message.commId, message.target ?? "");
    if (message.kind === "close") this.#forget(message.commId);
    this.#publish(message, (cause === undefined ? undefined : this.#handling.get(cause)) ?? this.#parts.executions.requestOf(cell)?.message.header);
  }

  #publish({ kind, commId, target, data, metadata, buffers }: CommMessage, parent: Header | undefined): void {
    const content = { comm_id: commId, data, ...(kind === "open" ? { target_name: target, target_module: null } : {}) };
    this.#parts.iopub.publish(`comm_${kind}`, content, parent, { metadata, buffers });
  }

  #forget(commId: string): void {
    this.#open.delete(commId);
    this.#watched.delete(commId);
  }

  #target(name: string, known: boolean): void {
    if (known) this.#targets.add(name);
    else this.#targets.delete(name);
    if (known) this.#retry();
  }

  /** What a widget that computes without a pause wants to know of its view: that it is shown, that it was clicked. */
  #mark({ commId, data: { method, content, state } }: CommMessage): void {
    const marks = this.#watched.get(commId);
    if (marks === undefined) return;
    if (method === "custom" && asObject(content)?.event === "click") Atomics.store(marks, commMark.clicked, 1);
    if (method === "update" && Number(asObject(state)?._view_count) > 0) Atomics.store(marks, commMark.seen, 1);
  }
}
