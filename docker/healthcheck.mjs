// Healthy while a Jupyter server answers; a container that runs a single command is healthy as long as it runs.
import { readFileSync, readdirSync } from "node:fs";

function commandLine(pid) {
  try { return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "); } catch { return ""; }
}

const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(commandLine);
const server = processes.find((line) => /jupyter[- ](lab|server|notebook)/.test(line));
if (server !== undefined) {
  const port = /--port[= ](\d+)/.exec(server)?.[1] ?? "8888";
  const alive = await fetch(`http://127.0.0.1:${port}/api`, { signal: AbortSignal.timeout(8000) }).then((reply) => reply.ok, () => false);
  if (!alive) process.exitCode = 1;
}
