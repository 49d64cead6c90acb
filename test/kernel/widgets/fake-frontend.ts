import { deliverComm, setCommChannel } from "../../../kernel/comm/index.ts";
import type { CommMessage } from "../../../kernel/language/link.ts";

/** Stands where the kernel's channel and a frontend are: keeps what is sent, and sends what a view would. */
export class FakeFrontend {
  readonly sent: CommMessage[] = [];
  readonly targets: [string, boolean][] = [];
  readonly watched = new Map<string, Int32Array>();
  readonly errors: { cell: number; error: unknown }[] = [];
  cell = 1;

  constructor() {
    setCommChannel({
      post: (message) => this.sent.push(message),
      target: (name, known) => this.targets.push([name, known]),
      watch: (id, marks) => void this.watched.set(id, marks),
      cell: () => this.cell,
      within: (cell, handler) => this.#within(cell, handler),
    });
  }

  #within(cell: number, handler: () => unknown): void {
    const failed = (error: unknown) => void this.errors.push({ cell, error });
    try {
      const done = handler();
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The messages since the last call. */
  take(): CommMessage[] {
    return this.sent.splice(0);
  }

  open(commId: string, target: string, { data = {}, metadata = {} }: { data?: object; metadata?: object } = {}): void {
    deliverComm({ kind: "open", commId, target, data: data as Record<string, unknown>, metadata: metadata as Record<string, unknown>, buffers: [] });
  }

  say(commId: string, data: object, buffers: readonly Uint8Array[] = []): void {
    deliverComm({ kind: "msg", commId, data: data as Record<string, unknown>, metadata: {}, buffers });
  }

  close(commId: string): void {
    deliverComm({ kind: "close", commId, data: {}, metadata: {}, buffers: [] });
  }
}
