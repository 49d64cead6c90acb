import { builtFile } from "../display/built-file.ts";
import { protocolVersion } from "../protocol/messages.ts";

/** The name under which Jupyter knows the kernel. */
export const kernelName = "potstill";

/** The content of `kernel.json` (kernels.rst, "Kernel specs"). */
export interface KernelJson {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: "message";
  readonly env?: Readonly<Record<string, string>>;
  readonly kernel_protocol_version: string;
  readonly metadata: { readonly debugger: boolean; readonly supported_encryption: readonly string[] };
}

/** Node's flags for the kernel process. */
const nodeFlags = [
  // An interrupted timer or immediate would abort the process in a check of the asynchronous hooks' stack.
  "--no-force-async-hooks-checks",
];

/** What may differ between kernelspecs of one installation. */
export interface SpecOptions {
  /** What launchers call the kernel ("TypeScript (Potstill)"). */
  readonly displayName?: string | undefined;
  /** What is done about type errors ("error"). */
  readonly typecheck?: "error" | "warn" | "off" | undefined;
  /** Whether cells are TSX (false). */
  readonly tsx?: boolean | undefined;
}

/** How this installation's kernel is started: by the Node that runs now, with absolute paths. */
export function kernelJson({ displayName = "TypeScript (Potstill)", typecheck, tsx }: SpecOptions = {}): KernelJson {
  const env = { ...(typecheck && { POTSTILL_TYPECHECK: typecheck }), ...(tsx !== undefined && { POTSTILL_TSX: tsx ? "on" : "off" }) };
  return {
    argv: [process.execPath, ...nodeFlags, builtFile(import.meta.url, "../main"), "--connection-file", "{connection_file}"],
    display_name: displayName,
    language: "typescript",
    interrupt_mode: "message",
    ...(Object.keys(env).length > 0 && { env }),
    kernel_protocol_version: protocolVersion,
    // Clients that encrypt (jupyter_client from 8.10 on: transport_encryption) look here whether a kernel can.
    metadata: { debugger: true, supported_encryption: ["curve"] },
  };
}

/** Throws unless Jupyter takes the text for a kernel's name. */
export function checkKernelName(name: string): string {
  if (/^[a-z0-9._-]+$/i.test(name)) return name;
  throw new Error(`${JSON.stringify(name)} cannot be a kernel's name: Jupyter allows letters, digits, dots, hyphens and underscores.`);
}

/** The picture that launchers show. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<path fill="#b5651d" d="M20 58h24a8 8 0 0 0 8-8c0-14-12-16-14-30h16v-8H34c-4 0-8 4-8 8 0 14-14 16-14 30a8 8 0 0 0 8 8z"/>
<text x="32" y="52" fill="#fff" font-family="sans-serif" font-weight="bold" font-size="18" text-anchor="middle">TS</text>
</svg>
`;
