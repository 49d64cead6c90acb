import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../make-folder.ts";
import { channels, parseConnectionFile } from "../protocol/connection-file.ts";
import type { ConnectionInfo } from "../protocol/connection-file.ts";
import { runtimeDir } from "./jupyter-paths.ts";

/** A new connection: the file's text and what it says. */
export interface NewConnection {
  readonly text: string;
  readonly info: ConnectionInfo;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** Ports that nobody uses now: all are held at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

/** Fresh ports on the loopback address and a fresh secret key (jupyter_client, "Connection files"). */
export async function newConnection(kernelName: string): Promise<NewConnection> {
  const ports = await freePorts(channels.length);
  const file = {
    transport: "tcp",
    ip: "127.0.0.1",
    ...Object.fromEntries(channels.map((channel, index) => [`${channel}_port`, ports[index]])),
    key: randomBytes(32).toString("hex"),
    signature_scheme: "hmac-sha256",
    kernel_name: kernelName,
  };
  const text = JSON.stringify(file, null, 2);
  return { text, info: parseConnectionFile(text) };
}

/** A connection file on disk; `remove` takes away everything that was made for it. */
export interface ConnectionFile {
  path: string;
  remove(): void;
}

/**
 * Writes the connection file, readable by its owner alone, into Jupyter's runtime folder,
 * or into a private temporary folder where that cannot be written.
 */
export function writeConnectionFile(text: string, env: NodeJS.ProcessEnv): ConnectionFile {
  const name = `kernel-${randomUUID()}.json`;
  const write = (folder: string): string => {
    // Whoever looks at the folder sees the whole file or none.
    const part = join(folder, `.${name}.tmp`);
    writeFileSync(part, text, { mode: 0o600, flag: "wx" });
    renameSync(part, join(folder, name));
    return join(folder, name);
  };
  try {
    makeFolder(runtimeDir(env), 0o700);
    const path = write(runtimeDir(env));
    return { path, remove: () => rmSync(path, { force: true }) };
  } catch {
    const folder = mkdtempSync(join(tmpdir(), "potstill-")); // mode 0700
    return { path: write(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
  }
}
