"""Networks of random weights with torchvision's names, written without torchvision: `<name>.pth` holds the state dict, as
torch.save writes it, `<name>.out.pth` an image and PyTorch's outputs for it. Usage: make-torchvision.py FOLDER NAME…"""
import collections, pathlib, sys
import torch
import torch.nn.functional as F


class Weights:
    """Makes each weight when it is first asked for, and keeps it under its name."""

    def __init__(self, seed):
        self.random = torch.Generator().manual_seed(seed)
        self.state = collections.OrderedDict()

    def add(self, name, shape, deviation, mean=0.0):
        if name not in self.state:
            self.state[name] = mean + deviation * torch.randn(shape, generator=self.random)
        return self.state[name]

    def conv(self, name, x, out, kernel, stride=1, bias=True, groups=1):
        fan = x.shape[1] // groups * kernel * kernel
        weight = self.add(name + ".weight", (out, x.shape[1] // groups, kernel, kernel), (2 / fan) ** 0.5)
        return F.conv2d(x, weight, self.add(name + ".bias", (out,), 0.1) if bias else None, stride, (kernel - 1) // 2, groups=groups)

    def norm(self, name, x, scale=1.0):
        part = lambda what, mean, deviation: self.add(f"{name}.{what}", (x.shape[1],), deviation, mean)
        weight, bias, mean = part("weight", scale, 0.1), part("bias", 0, 0.1), part("running_mean", 0, 0.1)
        variance = part("running_var", 0, 0.3).abs_().add_(0.5) if name + ".running_var" not in self.state else self.state[name + ".running_var"]
        self.state.setdefault(name + ".num_batches_tracked", torch.tensor(40000))
        return F.batch_norm(x, mean, variance, weight, bias, eps=1e-5)

    def groups(self, name, x):
        return F.group_norm(x, 32, self.add(name + ".weight", (x.shape[1],), 0.1, 1), self.add(name + ".bias", (x.shape[1],), 0.1))

    def linear(self, name, x, out):
        return F.linear(x, self.add(name + ".weight", (out, x.shape[1]), (2 / x.shape[1]) ** 0.5), self.add(name + ".bias", (out,), 0.1))


def resnet(w, x, blocks, base=64, prefix="backbone.body."):
    x = F.relu(w.norm(prefix + "bn1", w.conv(prefix + "conv1", x, 64, 7, 2, bias=False)))
    x, maps = F.max_pool2d(x, 3, 2, 1), []
    for stage, count in enumerate(blocks):
        width = base << stage
        for block in range(count):
            name, stride = f"{prefix}layer{stage + 1}.{block}.", 2 if block == 0 and stage > 0 else 1
            y = F.relu(w.norm(name + "bn1", w.conv(name + "conv1", x, width, 1, bias=False)))
            y = F.relu(w.norm(name + "bn2", w.conv(name + "conv2", y, width, 3, stride, bias=False)))
            y = w.norm(name + "bn3", w.conv(name + "conv3", y, 4 * width, 1, bias=False), 0.2)
            if block == 0:
                x = w.norm(name + "downsample.1", w.conv(name + "downsample.0", x, 4 * width, 1, stride, bias=False))
            x = F.relu(x + y)
        maps.append(x)
    return maps


def pyramid(w, maps, channels=256, prefix="backbone.fpn."):
    inner = [w.conv(f"{prefix}inner_blocks.{i}.0", x, channels, 1) for i, x in enumerate(maps)]
    for i in reversed(range(len(inner) - 1)):
        inner[i] = inner[i] + F.interpolate(inner[i + 1], size=inner[i].shape[-2:], mode="nearest")
    return [w.conv(f"{prefix}layer_blocks.{i}.0", x, channels, 3) for i, x in enumerate(inner)]


def dense_pyramid(w, x):
    levels = pyramid(w, resnet(w, x, (3, 4, 6, 3))[1:])
    p6 = w.conv("backbone.fpn.extra_blocks.p6", levels[-1], 256, 3, 2)
    return levels + [p6, w.conv("backbone.fpn.extra_blocks.p7", F.relu(p6), 256, 3, 2)]


def retinanet(w, x, classes=5):
    levels = dense_pyramid(w, x)
    logits, boxes = [], []
    for level in levels:
        for tower, last, out, outputs in (("classification", "cls_logits", 9 * classes, logits), ("regression", "bbox_reg", 36, boxes)):
            y = level
            for i in range(4):
                y = F.relu(w.conv(f"head.{tower}_head.conv.{i}.0", y, 256, 3))
            outputs.append(w.conv(f"head.{tower}_head.{last}", y, out, 3))
    return {"pyramid": levels, "logits": logits, "boxes": boxes}


def fcos(w, x, classes=5):
    levels = dense_pyramid(w, x)
    logits, boxes, centerness = [], [], []
    for level in levels:
        towers = {}
        for tower in ("classification", "regression"):
            y = level
            for i in range(4):
                y = F.relu(w.groups(f"head.{tower}_head.conv.{3 * i + 1}", w.conv(f"head.{tower}_head.conv.{3 * i}", y, 256, 3)))
            towers[tower] = y
        logits.append(w.conv("head.classification_head.cls_logits", towers["classification"], classes, 3))
        boxes.append(F.relu(w.conv("head.regression_head.bbox_reg", towers["regression"], 4, 3)))
        centerness.append(w.conv("head.regression_head.bbox_ctrness", towers["regression"], 1, 3))
    return {"pyramid": levels, "logits": logits, "boxes": boxes, "centerness": centerness}


def faster_rcnn(w, x, classes=5):
    levels = pyramid(w, resnet(w, x, (3, 4, 6, 3)))
    levels.append(F.max_pool2d(levels[-1], 1, 2, 0))
    logits, boxes = [], []
    for level in levels:
        y = F.relu(w.conv("rpn.head.conv.0.0", level, 256, 3))
        logits.append(w.conv("rpn.head.cls_logits", y, 3, 1))
        boxes.append(w.conv("rpn.head.bbox_pred", y, 12, 1))
    regions = torch.randn((6, 256, 7, 7), generator=w.random)
    y = regions.flatten(1)
    for name in ("fc6", "fc7"):
        y = F.relu(w.linear("roi_heads.box_head." + name, y, 1024))
    heads = {"regions": [regions], "classes": [w.linear("roi_heads.box_predictor.cls_score", y, classes + 1)], "deltas": [w.linear("roi_heads.box_predictor.bbox_pred", y, 4 * (classes + 1))]}
    return {"pyramid": levels, "logits": logits, "boxes": boxes, **heads}


def mask_rcnn(w, x, classes=5):
    outputs = faster_rcnn(w, x, classes)
    regions = torch.randn((3, 256, 14, 14), generator=w.random)
    y = regions
    for i in range(4):
        y = F.relu(w.conv(f"roi_heads.mask_head.{i}.0", y, 256, 3))
    name = "roi_heads.mask_predictor.conv5_mask"
    y = F.relu(F.conv_transpose2d(y, w.add(name + ".weight", (256, 256, 2, 2), 0.09), w.add(name + ".bias", (256,), 0.1), stride=2))
    return {**outputs, "mask_regions": [regions], "masks": [w.conv("roi_heads.mask_predictor.mask_fcn_logits", y, classes + 1, 1)]}


def mini(w, x):
    """What `data/` holds: `make-torchvision.py data mini`."""
    y = F.relu(w.norm("bn1", w.conv("conv1", x, 4, 3, 2, bias=False)))
    return {"map": [y], "scores": [w.linear("fc", y.flatten(1), 5)]}


def earlier(state):
    """torchvision's names before 0.14."""
    import re
    old = lambda name: re.sub(r"(head\.conv)\.(\d)\.0\.", lambda m: f"{m[1]}.{2 * int(m[2])}.", re.sub(r"((?:inner|layer)_blocks\.\d)\.0\.", r"\1.", name))
    return collections.OrderedDict((old(name), value) for name, value in state.items())


with torch.no_grad():
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:]:
        w = Weights(11)
        image = torch.randn((1, 3, 8, 8) if name == "mini" else (1, 3, 64, 96), generator=w.random)
        outputs = globals()[name](w, image)
        torch.save(w.state, folder / f"{name}.pth")
        if name in ("retinanet", "mini"):
            torch.save(earlier(w.state), folder / f"{name}.earlier.pth", _use_new_zipfile_serialization=False)
        torch.save({"image": image, **{f"{key}.{i}": value for key, values in outputs.items() for i, value in enumerate(values)}}, folder / f"{name}.out.pth")
