import type { Silence } from "./silence.ts";

/** SSSD (arXiv 2303.05015). Its code is not public; LGD's (megvii-research/LGD e03357d) and LabelEnc's (megvii-model/LabelEnc 16a4038), on which it builds, are. */
export const sssdSilences: readonly Silence[] = [
  {
    id: "distribution", paper: "sssd", kind: "silent", topic: "How a feature map becomes a distribution",
    says: "Compares two maps by the Jensen–Shannon distance, and does not say what sums to one.",
    here: "A softmax over the channels at every cell.",
    otherwise: 'method.options.distance: { "kind": "js", "distribution": "spatial" } or "level"',
  },
  {
    id: "normaliser", paper: "sssd", kind: "contradiction", topic: "Where the mean is taken",
    says: "Divides a sum of distances by the number of cells. Simulated, that reading needs a λ of about 4, 240 or 60,000, by what sums to one, for the share that the paper reaches with λ = 50 in [1, 100].",
    here: "The mean over all entries of a level stands inside the root, levels are averaged: the reading among those tried for which λ is near 50 at 256 channels. It fits the number and is no proof.",
    otherwise: 'method.options.distance.reduction: "literal" or "meanOfDistances"; the item sssd/calibration compares them',
  },
  {
    id: "logarithm", paper: "sssd", kind: "silent", topic: "The logarithm's base",
    says: "Bounds the distance by 1, which holds for base 2 alone.",
    here: "Base 2.",
    otherwise: 'method.options.distance.logBase: "e"',
  },
  {
    id: "normalisation", paper: "sssd", kind: "silent", topic: "What is compared",
    says: "Writes the distance between the student's and the enhanced maps themselves.",
    code: "LGD puts three convolutions on the student's maps, and normalises both sides per channel and image.",
    here: "As LGD's code. Without the normalisation, raw maps would have to be read as logits of any scale.",
  },
  {
    id: "kl-order", paper: "sssd", kind: "silent", topic: "The order in the KL baseline",
    says: "The student's distribution comes first, the reverse of Hinton's order; the text does not say why.",
    here: "The student first, as written.",
    otherwise: 'method.options.distance: { "kind": "kl" }, whose order is fixed',
  },
  {
    id: "distill-from", paper: "sssd", kind: "code", topic: "When distillation begins",
    says: "The backbone is frozen for 20,000 iterations, and λ is assigned after them.",
    code: "LGD freezes the backbone for 20,000 of 180,000 iterations; the student feels the distillation from 30,000 on, before that its adapter alone.",
    here: "LGD's rows as its code, SSSD's as its text: from 30,000 and from 20,000 on, the backbone frozen for 20,000 in both. The smaller profiles keep the proportions.",
    otherwise: "method.options.distillFrom, training.frozenUntil.backbone",
  },
  {
    id: "share-at-1000", paper: "sssd", kind: "silent", topic: "A share before distillation begins",
    says: "λ is calibrated by the share of the loss after 1,000 iterations, long before λ is assigned.",
    code: "In LGD the term exists from the first iteration and trains the adapter alone.",
    here: "As LGD's code: the calibration measures that share.",
  },
  {
    id: "headline", paper: "sssd", kind: "contradiction", topic: "Whether the headline is stepwise",
    says: "The title promises stepwise λ. Table 4's SSSD with a fixed λ = 75 equals Table 2's Faster R-CNN row in all six cells, so the tables are not stepwise; stepwise results exist only as curves in Figure 3.",
    here: "Tables 1 and 2 run with a fixed λ = 75, the stepwise ablation with the pairs 75 → 80 and, for LGD, 1 → 1.5.",
    otherwise: "method.lambda: [[0, 75], [120000, 80]]",
  },
  {
    id: "relative", paper: "sssd", kind: "silent", topic: "Percentages",
    says: "Gains are given in per cent. They are relative to the AP, not points: 40.6 after 39.6 is called 2.5 %.",
    here: "Differences are in points of AP everywhere.",
  },
  {
    id: "gain-labelenc", paper: "sssd", kind: "contradiction", topic: "The gain over LabelEnc",
    says: "2.8 % for Faster R-CNN R-50; its own table gives 40.6 after 39.6, which is 2.5 %.",
    here: "The table's cells are the targets.",
  },
  {
    id: "gain-lgd", paper: "sssd", kind: "contradiction", topic: "The gain over LGD",
    says: "“Almost 1 %” for Faster R-CNN R-50 and FCOS R-101; the table gives 0.50 % and 0.45 %, which is 0.2 points of AP.",
    here: "The table's cells are the targets. 0.2 points are less than what repeating a COCO training moves, and no single run can show them.",
  },
  {
    id: "fcos-r50", paper: "sssd", kind: "contradiction", topic: "LGD's FCOS R-50",
    says: "42.3 in Table 1, 42.4 in Table 2.",
    code: "LGD's repository lists 42.4 for a later run of the same configuration.",
    here: "Each table's own cell is its target.",
  },
  {
    id: "two-runs", paper: "sssd", kind: "contradiction", topic: "LGD at λ = 1",
    says: "Table 4's row differs from Table 2's in four of six cells: two trainings of one setting, up to 0.9 points apart (APl 52.2 and 53.1).",
    here: "One setting, trained once per seed, stands for both rows.",
  },
  {
    id: "learning-rate-zero", paper: "sssd", kind: "contradiction", topic: "The learning rate's end",
    says: "A caption says that the learning rates are 0 after 170,000 iterations.",
    code: "LGD's configurations go down to a hundredth at 160,000 and train to 180,000, never at 0.",
    here: "As LGD's code.",
    otherwise: "training.learningRate.drops and training.iterations",
  },
  {
    id: "clipping", paper: "sssd", kind: "silent", topic: "Clipping of gradients",
    says: "Nothing.",
    code: "LGD's base configurations clip every gradient's entries at ±1.",
    here: "As LGD's code in rows of its configurations.",
    otherwise: "training.clipValue, training.clipNorm",
  },
  {
    id: "context-box", paper: "sssd", kind: "silent", topic: "The context object and the detached appearance",
    says: "Nothing.",
    code: "LGD adds a box of the whole image for RetinaNet and for FCOS R-101, not for FCOS R-50 and Faster R-CNN; it detaches the appearance path for Faster R-CNN alone.",
    here: "Each row as LGD's configuration of that detector and backbone.",
    otherwise: "method.options.addContextBox, method.options.detachAppearanceEmbed",
  },
  {
    id: "transformer", paper: "sssd", kind: "silent", topic: "The spatial transformer of the label encoder",
    says: "Speaks of a spatial transformer network.",
    code: "In LGD it is PointNet's T-Net: a learnt matrix on each object's 84 numbers, without shortcut or orthogonality term. No map is warped.",
    here: "As LGD's code.",
  },
  {
    id: "labelenc-rows", paper: "sssd", kind: "code", topic: "LabelEnc's rows",
    says: "LabelEnc equals or loses to the baseline on Faster R-CNN (39.6 after 39.6, 41.4 after 41.7).",
    code: "LabelEnc's repository reports gains of about 2 points for the same detectors in its own 1x schedule on COCO 2014, with an encoder made for ResNet-50.",
    here: "The second step in the baseline's schedule, from which alone the printed numbers can come, its distance up to the second drop of the learning rate; the first step in its own schedule with ResNet-50, done once.",
    otherwise: "method.options.distanceFrom, method.options.distanceUntil",
  },
  {
    id: "lambda-elsewhere", paper: "sssd", kind: "silent", topic: "λ at another number of channels",
    says: "Every detector has 256 channels; λ = 75 for all of them.",
    here: "In this reading the distance falls with the root of the number of channels, so that the smaller profiles' λ is carried by it; an item's page says by how much.",
    otherwise: "method.lambda; the item sssd/calibration finds one for any network",
  },
  {
    id: "single-runs", paper: "sssd", kind: "silent", topic: "Repeats",
    says: "SSSD and LGD differ by −0.1 to 0.2 points; how often each was trained is not said.",
    code: "LGD's own second run moved its numbers by 0.1.",
    here: "Differences are paired by seed and told with their interval; less than 0.3 points is never called a difference.",
  },
];
