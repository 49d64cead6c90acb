/** How an address's publisher lets one check the file: the first digits of a hash, as its file names carry them. */
export interface PublishedHash {
  readonly algorithm: "sha256" | "md5";
  readonly prefix: string;
}

/** A public file of weights. */
export interface Checkpoint {
  /** What `potstill weights fetch` takes. */
  readonly name: string;
  readonly url: string;
  /** Absent where the publisher gives none; the first download is pinned then. */
  readonly hash?: PublishedHash;
  readonly about: string;
  /** ε of its BatchNorms, where it is not 1e-5: to be given to `loadWeights`. */
  readonly epsilon?: number;
  /** Channel order, mean and deviation of the pixels that it was trained on. */
  readonly pixels: PixelConvention;
}

export interface PixelConvention {
  readonly order: "RGB" | "BGR";
  /** Of values 0 to 255, in that order. */
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

const rgb: PixelConvention = { order: "RGB", mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375] };
/** detectron2's and its conversions. */
const bgr: PixelConvention = { order: "BGR", mean: [103.53, 116.28, 123.675], deviation: [1, 1, 1] };
/** Detectron's, py-faster-rcnn's and their conversions. */
const caffe: PixelConvention = { order: "BGR", mean: [102.9801, 115.9465, 122.7717], deviation: [1, 1, 1] };

type Details = Pick<Checkpoint, "about"> & Partial<Pick<Checkpoint, "epsilon" | "pixels">>;

const digits = /-([0-9a-f]{8})\.pth$/;

/** Files whose names end in the first eight digits of their SHA-256 (torchvision's and OpenMMLab's rule). */
function named(base: string, family: string, files: Readonly<Record<string, readonly [file: string, details: Details]>>): Checkpoint[] {
  return Object.entries(files).map(([name, [file, details]]) => {
    const [, prefix] = digits.exec(file) ?? [];
    return { name: `${family}/${name}`, url: base + file, hash: { algorithm: "sha256", prefix }, pixels: rgb, ...details };
  });
}

/**
 * torchvision's own tables of addresses (`torchvision/models/resnet.py`, `regnet.py`, `detection/*.py`, as mmcv 1.x lists
 * them in `model_zoo/torchvision_0.12.json` too). The first COCO weights were trained with ε = 0 (`overwrite_eps` there).
 */
const torchvision = named("https://download.pytorch.org/models/", "torchvision", {
  resnet18: ["resnet18-f37072fd.pth", { about: "ResNet-18, ImageNet" }],
  resnet34: ["resnet34-b627a593.pth", { about: "ResNet-34, ImageNet" }],
  resnet50: ["resnet50-0676ba61.pth", { about: "ResNet-50, ImageNet (since 0.10; the values of resnet50-2017)" }],
  "resnet50-2017": ["resnet50-19c8e357.pth", { about: "ResNet-50, ImageNet, the file of torchvision up to 0.9 (what mmdetection's zoo started from)" }],
  resnet101: ["resnet101-63fe2227.pth", { about: "ResNet-101, ImageNet" }],
  "resnet101-2017": ["resnet101-5d3b4d8f.pth", { about: "ResNet-101, ImageNet, the file of torchvision up to 0.9" }],
  resnet152: ["resnet152-394f9c45.pth", { about: "ResNet-152, ImageNet" }],
  resnext50_32x4d: ["resnext50_32x4d-7cdf4587.pth", { about: "ResNeXt-50 32×4d, ImageNet" }],
  resnext101_32x8d: ["resnext101_32x8d-8ba56ff5.pth", { about: "ResNeXt-101 32×8d, ImageNet" }],
  resnext101_64x4d: ["resnext101_64x4d-173b62eb.pth", { about: "ResNeXt-101 64×4d, ImageNet" }],
  regnet_x_400mf: ["regnet_x_400mf-adf1edd5.pth", { about: "RegNetX 400MF, ImageNet" }],
  regnet_x_800mf: ["regnet_x_800mf-ad17e45c.pth", { about: "RegNetX 800MF, ImageNet" }],
  regnet_x_1_6gf: ["regnet_x_1_6gf-e3633e7f.pth", { about: "RegNetX 1.6GF, ImageNet" }],
  regnet_x_3_2gf: ["regnet_x_3_2gf-f342aeae.pth", { about: "RegNetX 3.2GF, ImageNet" }],
  regnet_x_8gf: ["regnet_x_8gf-03ceed89.pth", { about: "RegNetX 8GF, ImageNet" }],
  retinanet_resnet50_fpn: ["retinanet_resnet50_fpn_coco-eeacb38b.pth", { about: "RetinaNet R50, COCO, 91 classes", epsilon: 0 }],
  retinanet_resnet50_fpn_v2: ["retinanet_resnet50_fpn_v2_coco-5905b1c5.pth", { about: "RetinaNet R50 v2, COCO, 91 classes" }],
  fasterrcnn_resnet50_fpn: ["fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", { about: "Faster R-CNN R50, COCO, 91 classes", epsilon: 0 }],
  maskrcnn_resnet50_fpn: ["maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth", { about: "Mask R-CNN R50, COCO, 91 classes", epsilon: 0 }],
  fcos_resnet50_fpn: ["fcos_resnet50_fpn_coco-99b0c9b7.pth", { about: "FCOS R50, COCO, 91 classes" }],
});

/** mmcv 1.x, `mmcv/model_zoo/open_mmlab.json`. */
const openMmlab = named("https://download.openmmlab.com/pretrain/third_party/", "open-mmlab", {
  "detectron/resnet50_caffe": ["resnet50_caffe-788b5fa3.pth", { about: "ResNet-50, MSRA by Detectron (mmdetection's FCOS)", pixels: caffe }],
  "detectron/resnet101_caffe": ["resnet101_caffe-3ad79236.pth", { about: "ResNet-101, MSRA by Detectron (mmdetection's FCOS)", pixels: caffe }],
  "detectron2/resnet50_caffe": ["resnet50_msra-5891d200.pth", { about: "ResNet-50, MSRA by detectron2", pixels: bgr }],
  "detectron2/resnet101_caffe": ["resnet101_msra-6cc46731.pth", { about: "ResNet-101, MSRA by detectron2", pixels: bgr }],
  resnext101_32x4d: ["resnext101_32x4d-a5af3160.pth", { about: "ResNeXt-101 32×4d, ImageNet" }],
  resnext101_64x4d: ["resnext101_64x4d-ee2c6f71.pth", { about: "ResNeXt-101 64×4d, ImageNet" }],
});

/** mmdetection 2.x, the `metafile.yml` of each folder of `configs/`. */
const mmdetection = named("https://download.openmmlab.com/mmdetection/v2.0/", "mmdetection", {
  retinanet_r50_fpn_1x: ["retinanet/retinanet_r50_fpn_1x_coco/retinanet_r50_fpn_1x_coco_20200130-c2398f9e.pth", { about: "RetinaNet R50 1x, 36.5 AP" }],
  retinanet_r50_fpn_2x: ["retinanet/retinanet_r50_fpn_2x_coco/retinanet_r50_fpn_2x_coco_20200131-fdb43119.pth", { about: "RetinaNet R50 2x, 37.4 AP" }],
  retinanet_r101_fpn_1x: ["retinanet/retinanet_r101_fpn_1x_coco/retinanet_r101_fpn_1x_coco_20200130-7a93545f.pth", { about: "RetinaNet R101 1x, 38.5 AP (FRS's teacher)" }],
  retinanet_r101_fpn_2x: ["retinanet/retinanet_r101_fpn_2x_coco/retinanet_r101_fpn_2x_coco_20200131-5560aee8.pth", { about: "RetinaNet R101 2x, 38.9 AP" }],
  retinanet_x101_64x4d_fpn_1x: ["retinanet/retinanet_x101_64x4d_fpn_1x_coco/retinanet_x101_64x4d_fpn_1x_coco_20200130-366f5af1.pth", { about: "RetinaNet X101-64×4d 1x, 41.0 AP" }],
  retinanet_x101_64x4d_fpn_2x: ["retinanet/retinanet_x101_64x4d_fpn_2x_coco/retinanet_x101_64x4d_fpn_2x_coco_20200131-bca068ab.pth", { about: "RetinaNet X101-64×4d 2x, 40.8 AP (FRS's teacher)" }],
  gfl_r50_fpn_1x: ["gfl/gfl_r50_fpn_1x_coco/gfl_r50_fpn_1x_coco_20200629_121244-25944287.pth", { about: "GFL R50 1x, 40.2 AP" }],
  gfl_r50_fpn_mstrain_2x: ["gfl/gfl_r50_fpn_mstrain_2x_coco/gfl_r50_fpn_mstrain_2x_coco_20200629_213802-37bb1edc.pth", { about: "GFL R50 multi-scale 2x, 42.9 AP" }],
  gfl_r101_fpn_mstrain_2x: ["gfl/gfl_r101_fpn_mstrain_2x_coco/gfl_r101_fpn_mstrain_2x_coco_20200629_200126-dd12f847.pth", { about: "GFL R101 multi-scale 2x, 44.7 AP (FRS's teacher)" }],
  fcos_r50_caffe_fpn_mstrain_2x: ["fcos/fcos_r50_caffe_fpn_gn-head_mstrain_640-800_2x_coco/fcos_r50_caffe_fpn_gn-head_mstrain_640-800_2x_coco-d92ceeea.pth", { about: "FCOS R50 multi-scale 2x, 38.5 AP", pixels: caffe }],
  fcos_r101_caffe_fpn_mstrain_2x: ["fcos/fcos_r101_caffe_fpn_gn-head_mstrain_640-800_2x_coco/fcos_r101_caffe_fpn_gn-head_mstrain_640-800_2x_coco-511424d6.pth", { about: "FCOS R101 multi-scale 2x, 40.8 AP (FRS's teacher)", pixels: caffe }],
  faster_rcnn_r50_fpn_1x: ["faster_rcnn/faster_rcnn_r50_fpn_1x_coco/faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth", { about: "Faster R-CNN R50 1x, 37.4 AP" }],
  faster_rcnn_r50_fpn_2x: ["faster_rcnn/faster_rcnn_r50_fpn_2x_coco/faster_rcnn_r50_fpn_2x_coco_bbox_mAP-0.384_20200504_210434-a5d8aa15.pth", { about: "Faster R-CNN R50 2x, 38.4 AP" }],
  faster_rcnn_r101_fpn_1x: ["faster_rcnn/faster_rcnn_r101_fpn_1x_coco/faster_rcnn_r101_fpn_1x_coco_20200130-f513f705.pth", { about: "Faster R-CNN R101 1x, 39.4 AP" }],
  faster_rcnn_r101_fpn_2x: ["faster_rcnn/faster_rcnn_r101_fpn_2x_coco/faster_rcnn_r101_fpn_2x_coco_bbox_mAP-0.398_20200504_210455-1d2dac9c.pth", { about: "Faster R-CNN R101 2x, 39.8 AP (FRS's teacher)" }],
  mask_rcnn_r50_fpn_1x: ["mask_rcnn/mask_rcnn_r50_fpn_1x_coco/mask_rcnn_r50_fpn_1x_coco_20200205-d4b0c5d6.pth", { about: "Mask R-CNN R50 1x, 38.2 AP, masks 34.7" }],
  mask_rcnn_r50_fpn_2x: ["mask_rcnn/mask_rcnn_r50_fpn_2x_coco/mask_rcnn_r50_fpn_2x_coco_bbox_mAP-0.392__segm_mAP-0.354_20200505_003907-3e542a40.pth", { about: "Mask R-CNN R50 2x, 39.2 AP, masks 35.4" }],
  "cascade_mask_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x": ["dcn/cascade_mask_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco/cascade_mask_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco-e75f90c8.pth", { about: "Cascade Mask R-CNN X101-32×4d with deformable C3–C5, 47.3 AP, masks 41.1 (Shared-KD's teacher)" }],
});

/** detectron2's MODEL_ZOO.md: "any model on this page contains its md5 prefix in its file name"; its ImageNet files have none. */
const detectron2 = [
  ...[["R-50", "ResNet-50"], ["R-101", "ResNet-101"]].map(([file, network]): Checkpoint => ({
    name: `detectron2/MSRA/${file}`, url: `https://dl.fbaipublicfiles.com/detectron2/ImageNetPretrained/MSRA/${file}.pkl`, about: `${network}, MSRA (what LGD and SSSD start from)`, pixels: bgr,
  })),
  ...([
    ["retinanet_R_50_FPN_1x", "137593951", "b796dc", "RetinaNet R50 1x, 36.5 AP"],
    ["retinanet_R_50_FPN_3x", "137849486", "4cafe0", "RetinaNet R50 3x, 37.9 AP"],
    ["retinanet_R_101_FPN_3x", "138363263", "59f53c", "RetinaNet R101 3x, 39.9 AP"],
    ["faster_rcnn_R_50_FPN_1x", "137257794", "b275ba", "Faster R-CNN R50 1x, 37.9 AP"],
    ["faster_rcnn_R_50_FPN_3x", "137849458", "280758", "Faster R-CNN R50 3x, 40.2 AP"],
    ["faster_rcnn_R_101_FPN_3x", "137851257", "f6e8b1", "Faster R-CNN R101 3x, 42.0 AP"],
  ] as const).map(([model, id, prefix, about]): Checkpoint => ({
    name: `detectron2/${model}`, url: `https://dl.fbaipublicfiles.com/detectron2/COCO-Detection/${model}/${id}/model_final_${prefix}.pkl`, hash: { algorithm: "md5", prefix }, about, pixels: bgr,
  })),
];

/** detectron2's `checkpoint/catalog.py`, Detectron's own files: BatchNorm is folded into scale and shift. */
const detectron = ["R-50", "R-101"].map((file): Checkpoint => ({
  name: `detectron/MSRA/${file}`, url: `https://dl.fbaipublicfiles.com/detectron/ImageNetPretrained/MSRA/${file}.pkl`, about: `ResNet-${file.slice(2)}, MSRA, BatchNorm folded`, pixels: caffe,
}));

/** Every checkpoint that can be fetched by name. */
export const checkpoints: readonly Checkpoint[] = [...torchvision, ...openMmlab, ...mmdetection, ...detectron2, ...detectron];

/** @throws Error for an unknown name, with similar ones where there are any */
export function findCheckpoint(name: string, list: readonly Checkpoint[] = checkpoints): Checkpoint {
  const found = list.find((checkpoint) => checkpoint.name === name);
  if (found !== undefined) return found;
  const similar = similarNames(name, list).slice(0, 4);
  throw new Error(`no checkpoint is named "${name}"${similar.length === 0 ? "" : `; similar: ${similar.join(", ")}`}. \`potstill weights list\` shows all ${list.length}`);
}

/** Names with words of this one, those with the most of them first. */
function similarNames(name: string, list: readonly Checkpoint[]): string[] {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const words = name.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word.length > 2 || /^[a-z]*\d/.test(word));
  const score = (other: string) => words.filter((word) => plain(other).includes(word)).length;
  return list.map((checkpoint) => ({ name: checkpoint.name, score: score(checkpoint.name) })).filter((one) => one.score > 0).sort((a, b) => b.score - a.score).map((one) => one.name);
}
