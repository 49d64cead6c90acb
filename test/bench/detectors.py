"""PyTorch's side of the detectors bench: torchvision's own models, channels_last.

argv: network (retinanet | fasterrcnn), the weights that Potstill starts from (beside them `<weights>.json`: names and
shapes, TensorFlow's layouts), threads, image side, images in a batch. Answers each line of stdin: `step` trains once,
`detect` runs inference once, both on images and boxes by formula (detectors-data.mjs has the same).
"""

import json
import math
import sys
import time

import numpy as np
import torch
import torchvision
from torchvision.models.detection import FasterRCNN, RetinaNet
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

CLASSES = 80
network, weights, threads, side, batch = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
torch.set_num_threads(threads)


def read_weights(path):
    index = json.load(open(path + ".json"))
    values = np.fromfile(path, dtype="<f4")
    found, at = {}, 0
    for entry in index:
        count = math.prod(entry["shape"])
        tensor = torch.from_numpy(values[at : at + count].reshape(entry["shape"]).copy())
        at += count
        if entry.get("flattened"):  # a map in the order [H, W, C], which torchvision flattens as [C, H, W]
            height, width, channels = (entry["flattened"][key] for key in ("height", "width", "channels"))
            tensor = tensor.reshape(height, width, channels, -1).permute(2, 0, 1, 3).reshape(height * width * channels, -1)
        turned = {4: (3, 2, 0, 1), 2: (1, 0)}.get(tensor.dim())
        found[entry["name"]] = tensor.permute(turned).contiguous() if turned else tensor
    return found


def build():
    """The models as their builders make them, but for classes, fixed size, no normalisation, every box kept (score 0)."""
    fixed = dict(min_size=side, max_size=side, image_mean=[0.0] * 3, image_std=[1.0] * 3)
    norm = torchvision.ops.misc.FrozenBatchNorm2d
    if network == "retinanet":
        backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=norm, trainable_layers=3, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))
        return RetinaNet(backbone, CLASSES, score_thresh=0.0, **fixed)
    backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=norm, trainable_layers=3)
    return FasterRCNN(backbone, CLASSES + 1, box_score_thresh=0.0, **fixed)


def load(model):
    given = read_weights(weights)
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in given and not name.endswith("num_batches_tracked")]
    unused = [name for name in given if name not in wanted]
    if missing or unused:
        raise SystemExit(f"weights differ: missing {missing[:5]}, unused {unused[:5]}")
    model.load_state_dict(given)
    return model.to(memory_format=torch.channels_last)


def images():
    index = np.arange(batch * side * side * 3, dtype=np.uint64)
    values = ((index * 2654435761 % 2**32) / 2**32 - 0.5) * 4
    whole = torch.from_numpy(values.astype("<f4").reshape(batch, side, side, 3)).permute(0, 3, 1, 2)
    return list(whole)


def targets():
    found = []
    for b in range(batch):
        boxes = []
        for i in range(6):
            length = 20 * 1.6**i
            x, y = (37 * i + 11 * b) % (side - length), (53 * i + 29 * b) % (side - length)
            boxes.append([x, y, x + length, y + length * 0.8])
        labels = [(13 * i + 7 * b) % CLASSES + (0 if network == "retinanet" else 1) for i in range(6)]
        found.append({"boxes": torch.tensor(boxes), "labels": torch.tensor(labels)})
    return found


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def step():
    model.train()
    start = time.perf_counter()
    optimiser.zero_grad(set_to_none=True)
    losses = model(IMAGES, TARGETS)
    total = sum(losses.values())
    total.backward()
    optimiser.step()
    value = float(total.detach())
    return {"ms": (time.perf_counter() - start) * 1000, "value": value, "mib": peak()}


def detect():
    model.eval()
    start = time.perf_counter()
    with torch.no_grad():
        found = model(IMAGES)
    value = float(sum(each["scores"].double().sum() for each in found))
    return {"ms": (time.perf_counter() - start) * 1000, "value": value, "count": sum(len(each["scores"]) for each in found), "mib": peak()}


model = load(build())
optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=5e-3, momentum=0.9, weight_decay=1e-4)
IMAGES, TARGETS = images(), targets()
for line in sys.stdin:
    command = line.strip()
    answer = {"torch": torch.__version__, "torchvision": torchvision.__version__} if command == "info" else step() if command == "step" else detect()
    print(json.dumps(answer), flush=True)
