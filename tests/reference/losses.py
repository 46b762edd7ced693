"""NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss."""
import ml_dtypes
import numpy as np

from reference.case import node_case, random

REDUCTIONS = ("none", "sum", "mean")
SHAPES = {"vector": (3, 5), "line": (3, 5, 4), "image": (2, 3, 2, 4), "volume": (1, 4, 2, 1, 3)}


def operands(name, shape, dtype=np.float32, classes=np.int64):
    rng = random(name)
    scores = rng.normal(0, 2, shape).astype(dtype)
    labels = rng.integers(0, shape[1], (shape[0], *shape[2:])).astype(classes)
    weights = rng.uniform(0.1, 2, shape[1]).astype(dtype)
    return scores, labels, weights


def written_down(op, scores, labels, weights=None, ignore_index=None, reduction="mean"):
    """As the specification has it, in float64; the loss, and the logarithms of probabilities."""
    x = scores.astype(np.float64)
    if op == "SoftmaxCrossEntropyLoss":
        shifted = x - x.max(1, keepdims=True)
        x = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    ignored = np.zeros(labels.shape, bool) if ignore_index is None else labels == ignore_index
    safe = np.where(ignored, 0, labels)
    weight = np.ones(labels.shape) if weights is None else weights.astype(np.float64)[safe]
    weight = np.where(ignored, 0, weight)
    loss = -np.take_along_axis(x, np.expand_dims(safe, 1), 1).squeeze(1) * weight
    if reduction != "none":
        with np.errstate(invalid="ignore"):
            loss = loss.sum() / (weight.sum() if reduction == "mean" else 1)
    return [np.asarray(loss).astype(scores.dtype), x.astype(scores.dtype)]


def cases():
    for op, short in (("NegativeLogLikelihoodLoss", "nll"), ("SoftmaxCrossEntropyLoss", "sce")):
        outputs = 2 if short == "sce" else 1

        def own(name, inputs, why, **options):
            expected = written_down(op, *inputs, **options)[:outputs]
            return node_case(name, op, inputs, outputs, expected=expected, why=why, **options)

        for reduction in REDUCTIONS:
            for kind, shape in SHAPES.items():
                name = f"{short}_{kind}_{reduction}"
                scores, labels, weights = operands(name, shape)
                yield node_case(name, op, [scores, labels], outputs, reduction=reduction)
                yield node_case(f"{name}_weights", op, [scores, labels, weights], outputs,
                                reduction=reduction)
                labels.flat[1] = 1
                yield node_case(f"{name}_ignored", op, [scores, labels], outputs,
                                reduction=reduction, ignore_index=1)
                labels.flat[0] = -100
                yield own(f"{name}_ignored_beyond_the_classes", [scores, labels, weights],
                          "two of the evaluators of onnx count other samples", reduction=reduction,
                          ignore_index=-100)
                labels.flat[0] = -1
                yield own(f"{name}_ignored_minus_one", [scores, labels],
                          "the evaluator of onnx counts samples of class -1 in the mean",
                          reduction=reduction, ignore_index=-1)
            for dtype in (np.float64, np.float16, ml_dtypes.bfloat16):
                name = f"{short}_{np.dtype(dtype).name}_{reduction}"
                inputs = operands(name, (3, 5, 2), dtype)
                yield own(name, inputs, "the evaluator of onnx rounds every step",
                          reduction=reduction)
            name = f"{short}_int32_{reduction}"
            scores, labels, weights = operands(name, (3, 5, 2), classes=np.int32)
            yield node_case(name, op, [scores, labels, weights], outputs, reduction=reduction)
            name = f"{short}_opset_12_{reduction}"
            scores, labels, weights = operands(name, (3, 5, 2))
            yield node_case(name, op, [scores, labels, weights], outputs, reduction=reduction,
                            opset=12)
            name = f"{short}_no_samples_{reduction}"
            yield own(name, operands(name, (0, 5)), "there is nothing to take a mean of",
                      reduction=reduction)
            name = f"{short}_all_ignored_{reduction}"
            scores, labels, weights = operands(name, (2, 5))
            yield own(name, [scores, labels * 0, weights], "there is nothing to take a mean of",
                      reduction=reduction, ignore_index=0)
        name = f"{short}_default"
        yield node_case(name, op, list(operands(name, (3, 5)))[:2], outputs)
    name = "sce_loss_alone"
    yield node_case(name, "SoftmaxCrossEntropyLoss", list(operands(name, (3, 5, 2))), 1)
    name = "sce_large_scores"
    scores, labels, _ = operands(name, (3, 5))
    yield node_case(name, "SoftmaxCrossEntropyLoss", [scores * 1000, labels], 2,
                    expected=written_down("SoftmaxCrossEntropyLoss", scores * 1000, labels),
                    why="the evaluator of onnx takes the logarithm of 0")
