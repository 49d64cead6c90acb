import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../language/package-root.ts";
import { typeScriptVersion } from "../language/typescript.ts";
import type { JsonObject } from "../protocol/messages.ts";
import { protocolVersion } from "../protocol/messages.ts";

/** The content of `kernel_info_reply`. */
export function kernelInfo(): JsonObject {
  const { version } = createRequire(import.meta.url)(join(packageRoot(), "package.json")) as { version: string };
  const typescript = typeScriptVersion();
  return {
    status: "ok",
    protocol_version: protocolVersion,
    implementation: "potstill",
    implementation_version: version,
    language_info: {
      name: "typescript",
      version: typescript,
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      // CodeMirror 5 knows the name, CodeMirror 6 (JupyterLab 4) the MIME type; "javascript" would highlight no types there.
      codemirror_mode: { name: "text/typescript", mime: "application/typescript", typescript: true },
      nbconvert_exporter: "script",
    },
    banner: `Potstill ${version}: TypeScript ${typescript} on Node.js ${process.version}`,
    debugger: true,
    supported_features: ["debugger", "kernel subshells"],
    help_links: [
      { text: "TypeScript handbook", url: "https://www.typescriptlang.org/docs/handbook/intro.html" },
      { text: "JavaScript reference", url: "https://developer.mozilla.org/docs/Web/JavaScript/Reference" },
      { text: "Node.js", url: "https://nodejs.org/api/" },
      { text: "Plotly figures", url: "https://plotly.com/javascript/reference/" },
    ],
  };
}
