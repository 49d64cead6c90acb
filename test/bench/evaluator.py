"""Evaluates sys.argv[2] against sys.argv[1] with pycocotools and prints its twelve numbers as JSON."""

import contextlib
import io
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

with contextlib.redirect_stdout(io.StringIO()):
    ground_truth = COCO(sys.argv[1])
    evaluation = COCOeval(ground_truth, ground_truth.loadRes(sys.argv[2]), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
print(json.dumps({"stats": [float(value) for value in evaluation.stats]}))
