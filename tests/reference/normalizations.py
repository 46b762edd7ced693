"""LayerNormalization, RMSNormalization, GroupNormalization, InstanceNormalization,
BatchNormalization, LpNormalization and MeanVarianceNormalization."""
import numpy as np

from reference.case import node_case, random
from reference.existing import types_of

ROUNDS = "the evaluator of onnx rounds every step, or lacks the type"


def normal(x, axes, epsilon=1e-5, centered=True):
    x = x.astype(np.float64)
    if centered:
        x = x - x.mean(axes, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axes, keepdims=True) + epsilon)


def numbers(name, dtype, *shape):
    return random(name).normal(0.5, 2, shape).astype(dtype)


def layer_cases():
    op = "LayerNormalization"
    for dtype in types_of(op):
        name = f"{op}_{dtype.name}"
        x, scale, bias = (numbers(name + part, dtype, *shape)
                          for part, shape in (("x", (3, 8)), ("s", (8,)), ("b", (8,))))
        wanted = normal(x, (1,)) * scale.astype(np.float64)
        yield node_case(name, op, [x, scale], expected=[wanted.astype(dtype)], why=ROUNDS)
        wanted = wanted + bias.astype(np.float64)
        yield node_case(f"{name}_bias", op, [x, scale, bias], expected=[wanted.astype(dtype)],
                        why=ROUNDS)
    for axis in (0, 1, 2, -1, -2, -3):
        name = f"{op}_axis_{axis}"
        x = numbers(name, np.float32, 2, 3, 4)
        extents = x.shape[axis:]
        scale, bias = numbers(name + "s", np.float32, *extents), numbers(name, np.float32, *extents)
        yield node_case(name, op, [x, scale, bias], 3, axis=axis, epsilon=0.1)
        yield node_case(f"{name}_constant", op, [x, scale, bias], axis=axis, constants=(1, 2))
    name = f"{op}_broadcast"
    x = numbers(name, np.float32, 2, 3, 4)
    yield node_case(name, op, [x, numbers(name, np.float32, 3, 1), numbers(name, np.float32, 4)],
                    axis=1)
    yield node_case(f"{op}_mean_left_out", op, [x, np.ones(4, np.float32)], ["y", "", "d"],
                    expected=[normal(x, (2,)).astype(np.float32),
                              (1 / np.sqrt(x.var(2, keepdims=True) + 1e-5)).astype(np.float32)],
                    why="the evaluator of onnx counts the outputs that are left out")
    x16 = numbers(op, np.float16, 3, 8)
    wide = x16.astype(np.float64)
    yield node_case(f"{op}_statistics_of_float16", op, [x16, np.ones(8, np.float16)], 3,
                    expected=[normal(x16, (1,)).astype(np.float16),
                              wide.mean(1, keepdims=True).astype(np.float32),
                              (1 / np.sqrt(wide.var(1, keepdims=True) + 1e-5)).astype(np.float32)],
                    why="the evaluator of onnx makes them float16")
    yield node_case(f"{op}_opset_17", op, [x, np.ones(4, np.float32)], 3, opset=17)
    yield node_case(f"{op}_no_rows", op, [np.zeros((0, 4), np.float32), np.ones(4, np.float32)])


def rms_cases():
    op = "RMSNormalization"
    for dtype in types_of(op):
        name = f"{op}_{dtype.name}"
        x, scale = numbers(name, dtype, 3, 8), numbers(name + "s", dtype, 8)
        wanted = normal(x, (1,), centered=False) * scale.astype(np.float64)
        yield node_case(name, op, [x, scale], expected=[wanted.astype(dtype)], why=ROUNDS)
    x, scale = numbers(op, np.float16, 3, 8), numbers("s", np.float32, 8)
    wanted = normal(x, (1,), centered=False) * scale.astype(np.float64)
    yield node_case(f"{op}_scale_of_another_type", op, [x, scale],
                    expected=[wanted.astype(np.float32)], why=ROUNDS)
    for axis in (0, 1, 2, -1, -2):
        name = f"{op}_axis_{axis}"
        x = numbers(name, np.float32, 2, 3, 4)
        scale = numbers(name + "s", np.float32, *x.shape[axis:])
        yield node_case(name, op, [x, scale], axis=axis, epsilon=0.1)
        yield node_case(f"{name}_constant", op, [x, scale], axis=axis, constants=(1,))
    yield node_case(f"{op}_broadcast", op, [x, numbers(op, np.float32, 3, 1)], axis=1)


def group_cases():
    op = "GroupNormalization"

    def written_down(x, scale, bias, groups, epsilon=1e-5):
        rows = x.reshape(x.shape[0], groups, -1)
        y = normal(rows, (2,), epsilon).reshape(x.shape)
        shape = (-1, *[1] * (x.ndim - 2))
        return (y * scale.astype(np.float64).reshape(shape) +
                bias.astype(np.float64).reshape(shape)).astype(x.dtype)

    for dtype in types_of(op):
        name = f"{op}_{dtype.name}"
        x, scale, bias = (numbers(name, dtype, 2, 4, 3, 2), numbers(name + "s", dtype, 4),
                          numbers(name + "b", dtype, 4))
        yield node_case(name, op, [x, scale, bias], num_groups=2,
                        expected=[written_down(x, scale, bias, 2)], why=ROUNDS)
    for shape in ((2, 6), (2, 6, 5), (1, 6, 3, 4), (1, 6, 2, 2, 3)):
        for groups in (1, 2, 3, 6):
            name = "_".join([op, str(len(shape)), str(groups)])
            x, scale, bias = (numbers(name, np.float32, *shape), numbers(name + "s", np.float32, 6),
                              numbers(name + "b", np.float32, 6))
            if len(shape) == 4:
                yield node_case(name, op, [x, scale, bias], num_groups=groups, epsilon=0.1)
            else:
                yield node_case(name, op, [x, scale, bias], num_groups=groups,
                                expected=[written_down(x, scale, bias, groups)], why=ROUNDS)


def instance_cases():
    op = "InstanceNormalization"
    for dtype in types_of(op):
        name = f"{op}_{dtype.name}"
        x, scale, bias = (numbers(name, dtype, 2, 3, 4, 2), numbers(name + "s", dtype, 3),
                          numbers(name + "b", dtype, 3))
        wanted = (normal(x, (2, 3)) * scale.astype(np.float64)[:, None, None] +
                  bias.astype(np.float64)[:, None, None])
        yield node_case(name, op, [x, scale, bias], expected=[wanted.astype(dtype)], why=ROUNDS)
    for shape in ((2, 3, 5), (1, 3, 2, 2, 3)):
        x = numbers(op, np.float32, *shape)
        yield node_case(f"{op}_{len(shape)}", op, [x, np.float32([1, 2, 3]), np.float32([0, 1, 2])],
                        epsilon=0.01)
    yield node_case(f"{op}_opset_7", op, [x, np.float32([1, 2, 3]), np.float32([0, 1, 2])],
                    opset=7)


def other_cases():
    op = "BatchNormalization"
    for dtype in types_of(op):
        name = f"{op}_{dtype.name}"
        x = numbers(name, dtype, 2, 3, 4)
        scale, bias, mean = (numbers(name + part, dtype, 3) for part in "sbm")
        variance = np.abs(numbers(name + "v", dtype, 3)) + dtype.type(0.5)
        s, b, m, v = (part.astype(np.float64)[:, None] for part in (scale, bias, mean, variance))
        wanted = ((x.astype(np.float64) - m) / np.sqrt(v + 1e-5) * s + b).astype(dtype)
        yield node_case(name, op, [x, scale, bias, mean, variance], expected=[wanted], why=ROUNDS)
    x, parts = numbers(op, np.float32, 2, 3, 4), [np.float32([1, 2, 3])] * 4
    newest = node_case(f"{op}_opset_9", op, [x, *parts])
    yield node_case(f"{op}_opset_9", op, [x, *parts], opset=9, expected=newest.expected(),
                    why="the evaluator of onnx takes the statistics of the batch")
    yield node_case(f"{op}_constant", op, [x, *parts], epsilon=0.1, constants=(1, 2, 3, 4))
    yield node_case(f"{op}_vector_of_channels", op, [x[:, :, 0], *parts])
    op = "LpNormalization"
    for dtype in types_of(op):
        for p in (1, 2):
            name = f"{op}_{dtype.name}_{p}"
            x = numbers(name, dtype, 3, 4)
            wide = x.astype(np.float64)
            length = np.abs(wide).sum(0) if p == 1 else np.sqrt(np.square(wide).sum(0))
            yield node_case(name, op, [x], axis=0, p=p, expected=[(wide / length).astype(dtype)],
                            why=ROUNDS)
    yield node_case(f"{op}_default", op, [x.astype(np.float32)])
    op = "MeanVarianceNormalization"
    for dtype in types_of(op):
        name = f"{op}_{dtype.name}"
        x = numbers(name, dtype, 2, 3, 4, 2)
        wanted = normal(x, (0, 2, 3), 1e-9)
        yield node_case(name, op, [x], expected=[wanted.astype(dtype)], why=ROUNDS)
    for axes in ([0, 2, 3], [1], [2, 3], [-1]):
        name = "_".join([op, *map(str, axes)])
        yield node_case(name, op, [numbers(name, np.float32, 2, 3, 4, 2)], axes=axes)


def cases():
    yield from layer_cases()
    yield from rms_cases()
    yield from group_cases()
    yield from instance_cases()
    yield from other_cases()
