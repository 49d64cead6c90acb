import { fileId, type Entity } from "./crate-graph.ts";
import type { RunFile } from "./run-facts.ts";

/** What a file of a run directory is, by the first pattern that fits. */
const kinds: readonly { readonly file: RegExp; readonly format: string; readonly about: string }[] = [
  { file: /^config\.json$/, format: "application/json", about: "The experiment: data, detector, method, schedule, seed, and the weights that it started from" },
  { file: /^code\.json$/, format: "application/json", about: "The code that trained it: commit, untracked files, versions of what computes" },
  { file: /^code(?:-\d+)?\.patch$/, format: "text/x-diff", about: "What the code differed in from its commit" },
  { file: /^metrics\.jsonl$/, format: "application/x-ndjson", about: "Every step: losses, shares, learning rates, seconds" },
  { file: /^result\.json$/, format: "application/json", about: "Seconds, images per second, peak memory, device" },
  { file: /^weights\.safetensors$/, format: "application/octet-stream", about: "The trained detector's weights (safetensors)" },
  { file: /^checkpoint\/.*\.safetensors$/, format: "application/octet-stream", about: "The training's last state: parameters, momentum, iteration (safetensors)" },
  { file: /^validation\.jsonl$/, format: "application/x-ndjson", about: "Scores on a few validation images while it trained" },
  { file: /^entrop\w*-.*\.json$/, format: "application/json", about: "Entropies of the regions of images that the trained detector sees" },
  { file: /^score-.*\.json$/, format: "application/json", about: "COCO scores of the trained detector" },
  { file: /\.json$/, format: "application/json", about: "JSON" },
  { file: /\.jsonl$/, format: "application/x-ndjson", about: "A JSON value per line" },
  { file: /\.png$/, format: "image/png", about: "Picture" },
  { file: /\.md$/, format: "text/markdown", about: "Text" },
  { file: /./, format: "application/octet-stream", about: "File" },
];

/** The entities of a run directory's files. */
export function fileEntities(files: readonly RunFile[]): Entity[] {
  return files.map(({ path, bytes, sha256 }) => {
    const { format, about } = kinds.find(({ file }) => file.test(path))!;
    return { "@id": fileId(path), "@type": "File", name: path, description: about, encodingFormat: format, contentSize: String(bytes), sha256 };
  });
}
