import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the test's server behaves; it can be changed between requests. */
export interface Behaviour {
  /** Answers ranges. Default true. */
  ranges?: boolean;
  /** Cuts the connection after so many bytes of each answer. */
  cut?: number;
  /** Sends so many bytes and then nothing more. */
  hang?: number;
  /** Sends no length (chunked). */
  chunked?: boolean;
  etag?: string;
  /** Answers with this status. */
  status?: number;
  type?: string;
}

export interface Asked {
  readonly url: string;
  readonly range: string | undefined;
}

export interface FileServer {
  readonly address: string;
  readonly asked: Asked[];
  readonly files: Map<string, Buffer>;
  behaviour: Behaviour;
  close(): Promise<void>;
}

/** An HTTP server on this machine that sends files from memory, as well or badly as asked. */
export async function fileServer(files: Record<string, Buffer>): Promise<FileServer> {
  const self: { asked: Asked[]; files: Map<string, Buffer>; behaviour: Behaviour } = { asked: [], files: new Map(Object.entries(files)), behaviour: {} };
  const server = createServer((request, response) => { answer(self, request, response); });
  await new Promise<void>((done) => { server.listen(0, "127.0.0.1", done); });
  const { port } = server.address() as AddressInfo;
  return Object.assign(self, {
    address: `http://127.0.0.1:${port}`,
    close: () => new Promise<void>((done) => { server.closeAllConnections(); server.close(() => { done(); }); }),
  });
}

function answer({ asked, files, behaviour }: Pick<FileServer, "asked" | "files" | "behaviour">, request: IncomingMessage, response: ServerResponse): void {
  const { ranges = true, cut, hang, chunked, etag = '"v1"', status, type = "application/octet-stream" } = behaviour;
  asked.push({ url: request.url!, range: request.headers.range });
  const file = files.get(request.url!);
  if (status !== undefined || file === undefined) {
    response.writeHead(status ?? 404).end("no");
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const partial = ranges && from > 0 && (request.headers["if-range"] ?? etag) === etag;
  if (partial && from >= file.length) {
    response.writeHead(416).end();
    return;
  }
  const body = partial ? file.subarray(from) : file;
  response.writeHead(partial ? 206 : 200, {
    "content-type": type, etag,
    ...(chunked ? {} : { "content-length": body.length }),
    ...(partial ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
  });
  if (hang !== undefined) response.write(body.subarray(0, hang));
  else if (cut !== undefined && cut < body.length) response.write(body.subarray(0, cut), () => { setTimeout(() => response.destroy(), 150); });
  else response.end(body);
}
