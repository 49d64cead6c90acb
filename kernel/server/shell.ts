import { encode } from "../protocol/frames.ts";
import type { JsonObject, Received } from "../protocol/messages.ts";
import type { Signer } from "../protocol/signer.ts";
import type { Composer } from "./composer.ts";
import { answer, controlHandlers, replyType, shellHandlers } from "./dispatcher.ts";
import type { Handler, Services } from "./dispatcher.ts";
import type { RequestSocket, Sockets } from "./sockets.ts";

/** Answers the requests of the shell and control channels. */
export class Shell {
  readonly #services: Services;
  readonly #sockets: Sockets;
  readonly #composer: Composer;
  readonly #signer: Signer;
  #queue: Received[] = [];
  #draining = false;

  constructor(services: Services, sockets: Sockets, composer: Composer, signer: Signer) {
    this.#services = services;
    this.#sockets = sockets;
    this.#composer = composer;
    this.#signer = signer;
  }

  /** Takes a request of the shell channel. Cells queue; everything else is answered at once, even while a cell runs. */
  onShell(request: Received): void {
    if (request.message.header.msg_type === "execute_request") return this.#enqueue(request);
    this.#handle(shellHandlers, this.#sockets.shell, request);
  }

  onControl(request: Received): void {
    this.#handle(controlHandlers, this.#sockets.control, request);
  }

  #handle(handlers: Readonly<Record<string, Handler>>, socket: RequestSocket, request: Received): void {
    const type = request.message.header.msg_type;
    const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    // Messages of later protocols, and comms, are none of this kernel's business.
    if (handler) void this.#serve(handler, socket, request);
  }

  async #serve(handler: Handler, socket: RequestSocket, request: Received): Promise<void> {
    const { iopub, executions } = this.#services;
    const { header } = request.message;
    iopub.status("busy", header);
    this.#reply(socket, request, await answer(handler, this.#services, request));
    iopub.status("idle", header);
    // Frontends show the last status they hear: a running cell keeps the kernel busy.
    if (executions.current) iopub.status("busy", executions.current);
  }

  #enqueue(request: Received): void {
    this.#queue.push(request);
    if (!this.#draining) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let request = this.#queue.shift(); request; request = this.#queue.shift()) {
      await this.#execute(request);
    }
    this.#draining = false;
  }

  async #execute(request: Received): Promise<void> {
    const { iopub, executions } = this.#services;
    iopub.status("busy", request.message.header);
    const { reply, abortQueue } = await executions.execute(request);
    const unwanted = abortQueue ? await this.#takeWaiting() : [];
    this.#reply(this.#sockets.shell, request, reply);
    iopub.status("idle", request.message.header);
    for (const each of unwanted) this.#abort(each);
  }

  /** A cell failed: those already sent after it are not run, as their author did not know of the failure. */
  async #takeWaiting(): Promise<readonly Received[]> {
    // Some may still be in the sockets. Waiting before the reply, not after it, spares what is sent in answer to it.
    await new Promise((resolve) => setTimeout(resolve, 2));
    const waiting = this.#queue;
    this.#queue = [];
    return waiting;
  }

  #abort(request: Received): void {
    const { iopub } = this.#services;
    iopub.status("busy", request.message.header);
    this.#reply(this.#sockets.shell, request, { status: "aborted" });
    iopub.status("idle", request.message.header);
  }

  #reply(socket: RequestSocket, request: Received, content: JsonObject): void {
    const { header } = request.message;
    const message = this.#composer.compose(replyType(header), content, header);
    socket.send(encode(message, request.identities, this.#signer));
  }
}
