#!/usr/bin/env python3
"""Checks that ONNX Runtime scores trained models as `lathe eval` does.

    compare_accuracy.py PROGRAM MODEL...

Each model is checked by ONNX's own checker and evaluated on the 10,000 test images of Fashion-MNIST
by both. They may differ by 0.002 in accuracy.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

DATA = Path("/usr/share/datasets/fashion-mnist")
TOLERANCE = 0.002
BATCH = 500


def read_idx(name, header):
    with gzip.open(next(DATA.glob(f"**/{name}.gz"))) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def score(path, images, labels):
    """Accuracy with ONNX Runtime, preprocessed as the model's metadata says."""
    metadata = {p.key: p.value for p in onnx.load(path).metadata_props}
    preprocess = json.loads(metadata["lathe.preprocess"])
    assert preprocess["size"] == [28, 28] and preprocess["channels"] == "gray", preprocess
    inputs = (images / 255 - preprocess["mean"][0]) / preprocess["std"][0]
    inputs = inputs.astype(np.float32).reshape(-1, 1, 28, 28)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    right = 0
    for start in range(0, len(inputs), BATCH):
        outputs = session.run(None, {name: inputs[start:start + BATCH]})[0]
        right += int((outputs.argmax(axis=1) == labels[start:start + BATCH]).sum())
    return right / len(labels)


def main():
    program, *models = sys.argv[1:]
    images = read_idx("t10k-images-idx3-ubyte", 16).reshape(-1, 28, 28)
    labels = read_idx("t10k-labels-idx1-ubyte", 8)
    failed = False
    for model in models:
        onnx.checker.check_model(model, full_check=True)
        theirs = score(model, images, labels)
        answer = subprocess.run(
            [program, "eval", model, "--data", "fashion-mnist", "--quiet", "--json"],
            check=True, stdout=subprocess.PIPE, text=True)
        ours = json.loads(answer.stdout)["top1"]
        apart = abs(ours - theirs)
        failed |= apart > TOLERANCE
        print(f"{model}: lathe {ours:.4f}, ONNX Runtime {theirs:.4f}"
              f"{'' if apart <= TOLERANCE else f', further apart than {TOLERANCE}'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
