import { Widget } from "./widget.ts";

type Handler = () => unknown;

/** What a widget that can be clicked does. */
export interface Clicks {
  /** Calls `handler` at every click. Returns how to stop that. */
  onClick(handler: Handler): () => void;
  /** Resolves at the next click. */
  clicked(): Promise<void>;
}

/** What a field to fill in does. */
export interface Submits {
  /** Calls `handler` whenever Enter is pressed. Returns how to stop that. */
  onSubmit(handler: Handler): () => void;
}

export class Clickable extends Widget implements Clicks {
  readonly #handlers = new Set<Handler>();

  onClick(handler: Handler): () => void {
    return added(this.#handlers, handler);
  }

  clicked(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.onClick(() => { stop(); resolve(); });
    });
  }

  protected override onCustom({ event }: Readonly<Record<string, unknown>>): unknown {
    return event === "click" ? callAll(this.#handlers) : undefined;
  }
}

export class Submittable extends Widget implements Submits {
  readonly #handlers = new Set<Handler>();

  onSubmit(handler: Handler): () => void {
    return added(this.#handlers, handler);
  }

  protected override onCustom({ event }: Readonly<Record<string, unknown>>): unknown {
    return event === "submit" ? callAll(this.#handlers) : undefined;
  }
}

function added(handlers: Set<Handler>, handler: Handler): () => void {
  if (typeof handler !== "function") throw new TypeError(`A handler must be a function, received ${typeof handler}.`);
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

/** What a handler throws is thrown; what its promise rejects with rejects the one that is returned. */
function callAll(handlers: Iterable<Handler>): Promise<unknown> {
  return Promise.all([...handlers].map((handler) => handler()));
}
