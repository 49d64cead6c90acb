import { encode } from "../protocol/frames.ts";
import type { JsonObject, Received } from "../protocol/messages.ts";
import type { Signer } from "../protocol/signer.ts";
import type { CellQueue } from "./cell-queue.ts";
import type { Composer } from "./composer.ts";
import { answer, controlHandlers, failure, replyType, shellHandlers } from "./dispatcher.ts";
import type { Handler, Services } from "./dispatcher.ts";
import type { Finished } from "./execution.ts";
import type { RequestSocket, Sockets } from "./sockets.ts";
import { Subshells } from "./subshells.ts";
import { Usage } from "./usage.ts";

/** Answers the requests of the shell and control channels. */
export class Shell {
  readonly #services: Services;
  readonly #sockets: Sockets;
  readonly #composer: Composer;
  readonly #signer: Signer;
  /** When the last debug request has been answered. */
  #debugged = Promise.resolve();
  readonly #started = new WeakMap<Received, string>();
  /** The parent shell's queue of cells, and those of the subshells. */
  readonly subshells = new Subshells({
    execute: (request) => this.#execute(request),
    conclude: (request, finished) => this.#conclude(request, finished),
    abort: (request) => this.#abort(request),
  });

  constructor(services: Omit<Services, "subshells" | "usage">, sockets: Sockets, composer: Composer, signer: Signer) {
    this.#services = { ...services, subshells: this.subshells, usage: new Usage() };
    this.#sockets = sockets;
    this.#composer = composer;
    this.#signer = signer;
  }

  /** Takes a request of the shell channel. Cells queue; everything else is answered at once, even while a cell runs. */
  onShell(request: Received): void {
    const queue = this.#queueOf(request);
    if (queue === undefined) return;
    if (this.#services.comms.isComm(request)) return this.#services.comms.receive(request);
    if (request.message.header.msg_type === "execute_request") return this.#enqueue(queue, request);
    this.#handle(shellHandlers, this.#sockets.shell, request);
  }

  #enqueue(queue: CellQueue, request: Received): void {
    this.#services.comms.cellQueued();
    queue.add(request);
  }

  onControl(request: Received): void {
    if (request.message.header.msg_type === "debug_request") return this.#debug(request);
    this.#handle(controlHandlers, this.#sockets.control, request);
  }

  /** The queue of the request's shell; without such a shell the request is refused. */
  #queueOf(request: Received): CellQueue | undefined {
    try {
      return this.subshells.queueOf(request.message.header);
    } catch (error) {
      const isRequest = request.message.header.msg_type.endsWith("_request");
      this.#around(request, () => { if (isRequest) this.#reply(this.#sockets.shell, request, failure(error)); });
      return undefined;
    }
  }

  #handle(handlers: Readonly<Record<string, Handler>>, socket: RequestSocket, request: Received): void {
    const type = request.message.header.msg_type;
    const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    if (handler) void this.#serve(handler, socket, request);
    // A message of a later protocol: its client learns that nothing more is to come.
    else this.#around(request, () => undefined);
  }

  /** Debug requests are answered in their order: later ones build on what earlier ones did. */
  #debug(request: Received): void {
    this.#debugged = this.#debugged.then(() => this.#serve(controlHandlers.debug_request, this.#sockets.control, request));
  }

  async #serve(handler: Handler, socket: RequestSocket, request: Received): Promise<void> {
    const { iopub } = this.#services;
    const { header } = request.message;
    iopub.status("busy", header);
    this.#reply(socket, request, await answer(handler, this.#services, request));
    iopub.status("idle", header);
    this.#stayBusy();
  }

  #execute(request: Received): Promise<Finished> {
    this.#started.set(request, new Date().toISOString());
    this.#services.iopub.status("busy", request.message.header);
    return this.#services.executions.execute(request);
  }

  #conclude(request: Received, { reply }: Finished): void {
    this.#reply(this.#sockets.shell, request, reply, { started: this.#started.get(request) });
    this.#services.iopub.status("idle", request.message.header);
    this.#stayBusy();
    this.#services.comms.cellEnded();
  }

  #abort(request: Received): void {
    this.#services.comms.cellEnded();
    this.#around(request, () => this.#reply(this.#sockets.shell, request, { status: "aborted" }, { started: new Date().toISOString(), status: "aborted" }));
  }

  /** Says that the kernel is busy with a request while it does something at once. */
  #around(request: Received, act: () => void): void {
    const { iopub } = this.#services;
    iopub.status("busy", request.message.header);
    act();
    iopub.status("idle", request.message.header);
    this.#stayBusy();
  }

  /** Frontends show the last status they hear: a cell that still runs keeps the kernel busy. */
  #stayBusy(): void {
    const { iopub, executions } = this.#services;
    if (executions.current) iopub.status("busy", executions.current);
  }

  #reply(socket: RequestSocket, request: Received, content: JsonObject, metadata: JsonObject = {}): void {
    const { header } = request.message;
    const message = this.#composer.compose(replyType(header), content, header, metadata);
    socket.send(encode(message, request.identities, this.#signer));
  }
}
