"""PyTorch's side of the step bench: torchvision's RetinaNet-R50-FPN written out, channels_last, one thread.

argv[1]: the weights that Potstill starts from (beside them argv[1].json: names and shapes, filters HWIO). Answers each
line of stdin: `step` trains once, `dispatch N` times N tiny additions.
"""

import json
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

SIZE, BATCH, CLASSES, BLOCKS = 320, 2, 80, (3, 4, 6, 3)
torch.set_num_threads(1)


def read_weights(path):
    index = json.load(open(path + ".json"))
    values = np.fromfile(path, dtype="<f4")
    weights, at = {}, 0
    for entry in index:
        count = math.prod(entry["shape"])
        tensor = torch.from_numpy(values[at : at + count].reshape(entry["shape"]).copy())
        if tensor.dim() == 4:
            tensor = tensor.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
        weights[entry["name"]] = tensor
        at += count
    return weights


def frozen(name):
    parts = name.split(".")
    statistics = any(part.startswith("bn") for part in parts) or "downsample.1" in name
    return statistics or name.startswith(("backbone.body.conv1", "backbone.body.layer1"))


def norm(x, name):
    """torchvision's FrozenBatchNorm2d."""
    w, b, mean, var = (P[name + end] for end in (".weight", ".bias", ".running_mean", ".running_var"))
    scale = w * (var + 1e-5).rsqrt()
    return x * scale.reshape(1, -1, 1, 1) + (b - mean * scale).reshape(1, -1, 1, 1)


def conv(x, name, stride=1, padding=0):
    return F.conv2d(x, P[name + ".weight"], P.get(name + ".bias"), stride, padding)


def block(x, place, stride, first):
    y = F.relu(norm(conv(x, place + "conv1"), place + "bn1"), inplace=True)
    y = F.relu(norm(conv(y, place + "conv2", stride, 1), place + "bn2"), inplace=True)
    y = norm(conv(y, place + "conv3"), place + "bn3")
    shortcut = norm(conv(x, place + "downsample.0", stride), place + "downsample.1") if first else x
    return F.relu(y + shortcut, inplace=True)


def stage(x, number):
    for index in range(BLOCKS[number - 1]):
        first = index == 0
        x = block(x, f"backbone.body.layer{number}.{index}.", 2 if first and number > 1 else 1, first)
    return x


def pyramid(images):
    with torch.no_grad():
        x = F.relu(norm(conv(images, "backbone.body.conv1", 2, 3), "backbone.body.bn1"), inplace=True)
        x = stage(F.max_pool2d(x, 3, 2, 1), 1)
    features = []
    for number in (2, 3, 4):
        x = stage(x, number)
        features.append(x)
    inner = [conv(f, f"backbone.fpn.inner_blocks.{i}.0") for i, f in enumerate(features)]
    for i in (1, 0):
        inner[i] = inner[i] + F.interpolate(inner[i + 1], size=inner[i].shape[-2:], mode="nearest")
    levels = [conv(f, f"backbone.fpn.layer_blocks.{i}.0", 1, 1) for i, f in enumerate(inner)]
    p6 = conv(levels[-1], "backbone.fpn.extra_blocks.p6", 2, 1)
    return [*levels, p6, conv(F.relu(p6), "backbone.fpn.extra_blocks.p7", 2, 1)]


def tower(levels, name, final, width):
    rows = []
    for x in levels:
        for i in range(4):
            x = F.relu(conv(x, f"head.{name}.conv.{i}.0", 1, 1), inplace=True)
        rows.append(conv(x, f"head.{name}.{final}", 1, 1).permute(0, 2, 3, 1).reshape(BATCH, -1, width))
    return torch.cat(rows, 1)


def anchors(levels):
    found = []
    for level, x in enumerate(levels):
        base = 32 * 2**level
        sizes = torch.tensor([base, int(base * 2 ** (1 / 3)), int(base * 2 ** (2 / 3))], dtype=torch.float32)
        roots = torch.sqrt(torch.tensor([0.5, 1.0, 2.0]))
        ws, hs = (1 / roots[:, None] * sizes).reshape(-1), (roots[:, None] * sizes).reshape(-1)
        cell = (torch.stack([-ws, -hs, ws, hs], 1) / 2).round()
        height, width = x.shape[-2:]
        ys, xs = torch.meshgrid(torch.arange(height) * (SIZE // height), torch.arange(width) * (SIZE // width), indexing="ij")
        shifts = torch.stack([xs, ys, xs, ys], 2).reshape(-1, 1, 4)
        found.append((shifts + cell).reshape(-1, 4))
    return torch.cat(found)


def overlaps(a, b):
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    both = (high - low).clamp(min=0).prod(2)
    area = [(x[:, 2:] - x[:, :2]).prod(1) for x in (a, b)]
    return both / (area[0][:, None] + area[1] - both)


def assign(boxes, grid):
    iou = overlaps(boxes, grid)
    values, best = iou.max(0)
    matched = torch.where(values >= 0.5, best, torch.where(values >= 0.4, -2, -1))
    ties = (iou == iou.max(1, keepdim=True).values).any(0)
    matched[ties] = best[ties]
    return matched


def encode(boxes, grid):
    (sizes, wanted), (centres, aims) = [(b[:, 2:] - b[:, :2]) for b in (grid, boxes)], [(b[:, 2:] + b[:, :2]) / 2 for b in (grid, boxes)]
    return torch.cat([(aims - centres) / sizes, torch.log(wanted / sizes)], 1)


def focal(logits, target):
    p = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p_t = p * target + (1 - p) * (1 - target)
    return (0.25 * target + 0.75 * (1 - target)) * entropy * (1 - p_t) ** 2


def loss_of(images, targets):
    levels = pyramid(images)
    logits, deltas = tower(levels, "classification_head", "cls_logits", CLASSES), tower(levels, "regression_head", "bbox_reg", 4)
    grid, total = anchors(levels), 0
    for image, (boxes, labels) in enumerate(targets):
        matched = assign(boxes, grid)
        positive, used = matched >= 0, matched != -2
        target = torch.zeros_like(logits[image])
        target[positive, labels[matched[positive]]] = 1
        count = max(1, int(positive.sum()))
        total = total + focal(logits[image][used], target[used]).sum() / count
        total = total + (deltas[image][positive] - encode(boxes[matched[positive]], grid[positive])).abs().sum() / count
    return total / BATCH


def image_values():
    index = np.arange(BATCH * SIZE * SIZE * 3, dtype=np.uint64)
    values = ((index * 2654435761 % 2**32) / 2**32 - 0.5) * 4
    return torch.from_numpy(values.astype("<f4").reshape(BATCH, SIZE, SIZE, 3)).permute(0, 3, 1, 2)  # channels_last in memory


def targets():
    found = []
    for b in range(BATCH):
        boxes = []
        for i in range(6):
            side = 20 * 1.6**i
            x, y = (37 * i + 11 * b) % (SIZE - side), (53 * i + 29 * b) % (SIZE - side)
            boxes.append([x, y, x + side, y + side * 0.8])
        found.append((torch.tensor(boxes), torch.tensor([(13 * i + 7 * b) % CLASSES for i in range(6)])))
    return found


def step():
    start = time.perf_counter()
    optimiser.zero_grad(set_to_none=True)
    loss = loss_of(IMAGES, TARGETS)
    loss.backward()
    optimiser.step()
    value = float(loss.detach())
    elapsed = (time.perf_counter() - start) * 1000
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    return {"ms": elapsed, "loss": value, "mib": peak}


def dispatch(count):
    a, b = torch.tensor([1.0, 2, 3, 4]), torch.tensor([4.0, 3, 2, 1])
    with torch.no_grad():
        for _ in range(count):
            torch.add(a, b)
        start = time.perf_counter()
        for _ in range(count):
            torch.add(a, b)
    return {"ms": (time.perf_counter() - start) * 1000 / count}


P = read_weights(sys.argv[1]) if len(sys.argv) > 1 else {}
trained = [tensor.requires_grad_() for name, tensor in P.items() if not frozen(name)]
optimiser = torch.optim.SGD(trained, lr=5e-3, momentum=0.9, weight_decay=1e-4) if trained else None
IMAGES, TARGETS = image_values(), targets()
for line in sys.stdin:
    command, *rest = line.split()
    print(json.dumps(dispatch(int(rest[0])) if command == "dispatch" else step()), flush=True)
