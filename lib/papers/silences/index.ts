import { frsSilences } from "./frs.ts";
import { sharedKdSilences } from "./shared-kd.ts";
import type { Silence } from "./silence.ts";
import { sssdSilences } from "./sssd.ts";

export type { Silence, SilenceKind } from "./silence.ts";

/** What holds for all three papers. */
const common: readonly Silence[] = [
  {
    id: "repeats", paper: "all", kind: "silent", topic: "How often a row was trained",
    says: "No paper gives seeds, repeats or deviations.",
    code: "Maintainers of mmdetection call differences below 0.2 to 0.3 points of AP noise.",
    here: "Every row is trained with the same seeds; means stand with their 95 % interval over the seeds, and less than 0.3 points is never called a difference.",
    otherwise: "--seeds",
  },
  {
    id: "framework", paper: "all", kind: "here", topic: "The framework",
    says: "PyTorch: mmdetection for FRS and Shared-KD, detectron2 for SSSD.",
    here: "TensorFlow beneath TypeScript. Losses, gradients, resizing and scores agree with the originals on reference vectors; sums of another order move last bits, which a training makes larger.",
  },
  {
    id: "evaluation", paper: "all", kind: "code", topic: "Scores",
    says: "COCO's AP.",
    code: "pycocotools; for masks, sizes depend on whether results carry a box.",
    here: "pycocotools' rules and numbers, box for box; a mask's size is its own area.",
  },
  {
    id: "scale", paper: "all", kind: "here", topic: "Networks and data of the smaller profiles",
    says: "ResNet-50 and larger on COCO, 12 to 24 epochs.",
    here: "smoke: tiny networks on drawn scenes, minutes on a CPU. mini: small networks on a small set of photographs. Only the profile paper has the paper's scale; every item's page lists how its setting differs.",
    otherwise: "--profile paper",
  },
];

/** Every place where paper, official code and this kit are not one: those of all papers first, then by paper. */
export const silences: readonly Silence[] = [...common, ...sssdSilences, ...frsSilences, ...sharedKdSilences];
