"""Reads trainings and schedules as JSON and prints the weights after each of PyTorch's own steps, and its learning rates."""
import json
import sys

import torch


def clip(parameters, kind, limit):
    if kind == "value":
        torch.nn.utils.clip_grad_value_(parameters, limit)
    elif kind == "norm":
        torch.nn.utils.clip_grad_norm_(parameters, limit)


def train(case):
    parameters = [torch.nn.Parameter(torch.tensor(p["values"], dtype=torch.float32)) for p in case["parameters"]]
    groups = [
        {"params": [tensor], "lr": p["rate"], "weight_decay": p["decay"]}
        for tensor, p in zip(parameters, case["parameters"])
    ]
    make = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[case["optimiser"]]
    optimiser = make(groups, **case["options"])
    trace = []
    for step, gradients in zip(case["steps"], case["gradients"]):
        for group, p in zip(optimiser.param_groups, case["parameters"]):
            group["lr"] = p["rate"] * step
        for tensor, gradient in zip(parameters, gradients):
            tensor.grad = None if gradient is None else torch.tensor(gradient, dtype=torch.float32)
        clip([t for t in parameters if t.grad is not None], *case["clip"])
        optimiser.step()
        trace.append([tensor.tolist() for tensor in parameters])
    return trace


def rates(warmup, iterations, factor, drops, steps):
    """torch.optim.lr_scheduler's, one after another: what torchvision's reference script chains."""
    schedulers = torch.optim.lr_scheduler
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    if warmup == "linear":
        first = schedulers.LinearLR(optimiser, start_factor=factor, total_iters=iterations)
    else:
        first = schedulers.ConstantLR(optimiser, factor=factor, total_iters=iterations)
    chained = [first, schedulers.MultiStepLR(optimiser, milestones=drops)]
    seen = []
    for _ in range(steps):
        seen.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        for scheduler in chained:
            scheduler.step()
    return seen


torch.set_num_threads(1)
asked = json.load(sys.stdin)
json.dump({"trainings": [train(case) for case in asked["trainings"]], "schedules": [rates(*s) for s in asked["schedules"]]}, sys.stdout)
