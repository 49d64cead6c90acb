"""Runs pycocotools on every case folder named on stdin and writes its curves and statistics as float64 files.

Each line of stdin: folder, the three detection limits joined by commas, and bbox or segm, with tabs between. In the folder:
gt.json and dt.json.
"""

import contextlib
import io
import json
import os
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def evaluate(folder, limits, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO(os.path.join(folder, "gt.json"))
        detections = ground_truth.loadRes(os.path.join(folder, "dt.json"))
        evaluation = COCOeval(ground_truth, detections, kind)
        evaluation.params.maxDets = limits
        evaluation.evaluate()
        evaluation.accumulate()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        evaluation.summarize()
    for name in ("precision", "recall", "scores"):
        np.ascontiguousarray(evaluation.eval[name], dtype="<f8").tofile(os.path.join(folder, name + ".f8"))
    np.asarray(evaluation.stats, dtype="<f8").tofile(os.path.join(folder, "stats.f8"))
    with open(os.path.join(folder, "printed.json"), "w") as file:
        json.dump(printed.getvalue(), file)


for line in sys.stdin.read().splitlines():
    folder, limits, kind = line.split("\t")
    evaluate(folder, [int(limit) for limit in limits.split(",")], kind)
