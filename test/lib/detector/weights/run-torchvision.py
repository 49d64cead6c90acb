"""torchvision's own detectors with random weights: `<name>.pth` holds the state dict, `<name>.out.pth` an image, and what
torchvision detects in it. Each score threshold lies in a gap, and a run in double precision must find the same, so that
rounding decides nothing. Usage: run-torchvision.py FOLDER"""
import copy, pathlib, sys
import torch
from torchvision.models import detection

CLASSES, HEIGHT, WIDTH = 5, 96, 128
MAKERS = {"retinanet": detection.retinanet_resnet50_fpn, "fcos": detection.fcos_resnet50_fpn, "faster_rcnn": detection.fasterrcnn_resnet50_fpn, "mask_rcnn": detection.maskrcnn_resnet50_fpn}
# Classifiers start near their prior, and boxes near their anchors: outputs that differ need larger weights.
SPREAD = {"classification_head.cls_logits": 8, "bbox_reg": 4, "bbox_ctrness": 20, "rpn.head.cls_logits": 100, "rpn.head.bbox_pred": 8, "cls_score": 12, "box_predictor.bbox_pred": 8, "mask_fcn_logits": 3}


def build(name, seed):
    torch.manual_seed(seed)
    two_stage = name.endswith("rcnn")
    model = MAKERS[name](weights=None, weights_backbone=None, num_classes=CLASSES + two_stage, min_size=HEIGHT, max_size=WIDTH)
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if key.endswith("running_mean"):
                value.normal_(0, 0.1)
            elif key.endswith("running_var"):
                value.uniform_(0.7, 1.5)
            elif key.endswith("bn3.weight"):
                value.uniform_(0.2, 0.4)
            elif "_head.conv." in key and value.ndim == 4:
                value.mul_(3)
            elif key.endswith("regression_head.bbox_reg.bias"):
                value.fill_(0.5)
            for part, factor in SPREAD.items():
                if key.endswith(f"{part}.weight"):
                    value.mul_(factor)
    return model.eval()


def threshold(model, score=None):
    """The threshold on scores, wherever the model keeps it."""
    owner = model.roi_heads if hasattr(model, "roi_heads") else model
    if score is not None:
        owner.score_thresh = score
    return owner.score_thresh


def gap(scores):
    """The middle of the widest gap behind the 8th to 24th score."""
    widths = [(scores[k] - scores[k + 1]).item() for k in range(7, min(24, len(scores) - 1))]
    k = 7 + widths.index(max(widths))
    return ((scores[k] + scores[k + 1]) / 2).item()


def same(a, b):
    return a["labels"].tolist() == b["labels"].tolist() and torch.allclose(a["boxes"].double(), b["boxes"], atol=0.02)


def detections(name):
    for seed in range(1, 20):
        model, image = build(name, seed), torch.rand((3, HEIGHT, WIDTH), generator=torch.Generator().manual_seed(seed))
        threshold(model, 0.02)
        scores = model([image])[0]["scores"]
        if len(scores) < 10:
            continue
        threshold(model, gap(scores))
        found = model([image])[0]
        if same(found, copy.deepcopy(model).double()([image.double()])[0]):
            return model, image, found
    raise SystemExit(f"{name}: no seed whose detections do not hang on rounding")


with torch.no_grad():
    folder = pathlib.Path(sys.argv[1])
    for name in MAKERS:
        model, image, found = detections(name)
        torch.save(model.state_dict(), folder / f"{name}.pth")
        outputs = {key: value.float() for key, value in found.items()}
        torch.save({"image": image[None], "threshold": torch.tensor([threshold(model)]), **outputs}, folder / f"{name}.out.pth")
