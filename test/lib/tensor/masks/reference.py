"""Answers questions about masks with pycocotools. Reads a JSON list on stdin and writes the list of answers.

A question is {"size": [h, w]} with "polygons" (drawn and united), "box" (drawn) or "pair" (two compressed masks).
"""

import json
import sys

import numpy as np
from pycocotools import mask


def described(rle):
    return {"counts": rle["counts"].decode(), "area": int(mask.area(rle)), "box": [int(v) for v in mask.toBbox(rle)]}


def answer(question):
    height, width = question["size"]
    if "polygons" in question:
        return described(mask.merge(mask.frPyObjects(question["polygons"], height, width)))
    if "box" in question:
        return described(mask.frPyObjects(np.array([question["box"]], dtype=np.float64), height, width)[0])
    a, b = ({"size": question["size"], "counts": text.encode()} for text in question["pair"])
    return {
        "iou": float(mask.iou([a], [b], [0])[0, 0]),
        "crowd": float(mask.iou([a], [b], [1])[0, 0]),
        "union": described(mask.merge([a, b])),
        "intersection": described(mask.merge([a, b], True)),
    }


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
