import { Session } from "node:inspector";

/** A question to V8's inspector that was answered with an error. */
export class CdpError extends Error {
  override name = "CdpError";
}

/** The Chrome DevTools Protocol, spoken to the main thread from another thread: V8 answers also while user code runs or is paused. */
export class Cdp {
  #session: Session | undefined;
  #closed = false;
  readonly #listeners: [string, (params: never) => void][] = [];

  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** Calls back at every event of this kind, also after a later connection. */
  on<T>(event: string, listener: (params: T) => void): void {
    this.#listeners.push([event, listener]);
  }

  connect(): void {
    if (this.#session) return;
    this.#session = new Session();
    this.#session.connectToMainThread();
    for (const [event, listener] of this.#listeners) this.#session.on(event, ({ params }: { params: never }) => listener(params));
  }

  /** Ends the connection: a paused thread resumes, breakpoints are gone, and unanswered questions fail. */
  disconnect(): void {
    this.#session?.disconnect();
    this.#session = undefined;
  }

  /** As `disconnect`, for good: what an unfinished answer still asks would connect again, and keep the process from exiting. */
  close(): void {
    this.#closed = true;
    this.disconnect();
  }

  /** Asks; connects when that has not been done. Rejects with a {@link CdpError} that gives V8's message. */
  post<T = object>(method: string, params: object = {}): Promise<T> {
    if (this.#closed) return Promise.reject(new CdpError("The kernel shuts down."));
    this.connect();
    return new Promise((resolve, reject) => {
      this.#session!.post(method, params, (error, result) => {
        if (error) reject(new CdpError(error.message));
        else resolve(result as T);
      });
    });
  }
}
