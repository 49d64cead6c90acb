"""Writes checkpoints of every form that PyTorch has, into the folder given, with their values as JSON beside them."""
import argparse, collections, json, pathlib, pickle, sys, zipfile
import numpy as np
import torch

folder = pathlib.Path(sys.argv[1])
torch.manual_seed(3)
values = {}


def keep(name, tensors):
    values[name] = {key: {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "data": t.detach().double().flatten().tolist()} for key, t in tensors.items()}


def both(name, tensors, wrap=lambda x: x):
    keep(name + ".zip", tensors)
    keep(name + ".legacy", tensors)
    torch.save(wrap(tensors), folder / (name + ".zip.pth"))
    torch.save(wrap(tensors), folder / (name + ".legacy.pth"), _use_new_zipfile_serialization=False)


base = torch.randn(4, 6)
both("dtypes", collections.OrderedDict(
    float32=torch.randn(2, 3, 1, 2), float64=torch.randn(5, dtype=torch.float64).float().double(), float16=torch.tensor([1.5, -2.0, 6e-8, 0.0, 65504.0]).half(),
    bfloat16=torch.randn(3, 4).bfloat16(), int64=torch.tensor([[-5, 7], [1 << 24, 0]]), int32=torch.tensor([-7], dtype=torch.int32),
    int16=torch.tensor([300, -300], dtype=torch.int16), int8=torch.tensor([-128, 127], dtype=torch.int8), uint8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]), scalar=torch.tensor(2.5), empty=torch.zeros(0, 4)))
both("views", {
    "whole": base, "row": base[1], "transposed": base.t(), "column": base[:, 2], "strided": base[1:4:2, ::3], "expanded": base[2, 3].expand(2, 5),
    "permuted": torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2), "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)})


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.bn = torch.nn.BatchNorm2d(4)


net = Net()
both("module", net.state_dict())
both("parameters", dict(net.named_parameters()))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net.bn(net.conv(torch.randn(1, 3, 5, 5))).sum().backward()
optimizer.step()
state = {"module." + key: value for key, value in net.state_dict().items()}
keep("mmcv.zip", net.state_dict())
keep("mmcv.legacy", net.state_dict())
checkpoint = {
    "meta": {"mmdet_version": "2.25.0", "epoch": 12, "config": argparse.Namespace(lr=0.02, steps=[8, 11]), "CLASSES": ("a", "b"), "history": np.arange(3.0)},
    "state_dict": collections.OrderedDict(state), "optimizer": optimizer.state_dict(), "amp": {"set": {1, 2}, "path": pathlib.PurePosixPath("/x"), "size": torch.Size([2, 3]), "device": torch.device("cpu"), "dtype": torch.float16}}
torch.save(checkpoint, folder / "mmcv.zip.pth")
torch.save(checkpoint, folder / "mmcv.legacy.pth", _use_new_zipfile_serialization=False)

keep("deflated.zip", net.state_dict())
with zipfile.ZipFile(folder / "mmcv.zip.pth") as source, zipfile.ZipFile(folder / "deflated.zip.pth", "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.infolist():
        target.writestr(entry.filename, source.read(entry))

arrays = {"conv1_w": np.random.default_rng(1).normal(size=(2, 3, 1, 2)).astype("f4"), "conv1_b": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "res_conv1_bn_s": np.arange(3, dtype="f2")}
for protocol in range(6):
    name = f"numpy{protocol}.pickle"
    keep(name, {key: torch.tensor(value) for key, value in arrays.items()})
    with open(folder / (name + ".pth"), "wb") as file:
        pickle.dump({"blobs": {**arrays, "conv1_w_momentum": arrays["conv1_w"], "lr": np.float64(0.02)}, "cfg": "text"} if protocol < 4 else {"model": arrays, "__author__": "torchvision", "matching_heuristics": True}, file, protocol)

(folder / "values.json").write_text(json.dumps(values))
