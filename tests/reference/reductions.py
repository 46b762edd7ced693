"""What makes one number, or an index, of those along some axes: Reduce*, ArgMax, ArgMin, TopK,
Softmax and LogSoftmax."""
import numpy as np

from reference.case import node_case, random
from reference.existing import types_of, values_of

REDUCTIONS = ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
              "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"]


def data(name, dtype, *shape):
    """Positive, and small enough for products."""
    return values_of(name, dtype, *shape, low=1, high=3)


def reduce_cases():
    axes = np.int64
    for op in REDUCTIONS:
        for dtype in types_of(op):
            kind = np.dtype(dtype).name
            for axis in (1, None):
                name = f"{op}_{kind}_{axis}"
                x = data(name, dtype, 2, 3, 4)
                own = {}
                if op == "ReduceSumSquare" and dtype.kind in "iu":
                    own = {"expected": [np.square(x).sum(axis, dtype, keepdims=True)],
                           "why": "the evaluator of onnx widens integers"}
                yield node_case(name, op, [x, None if axis is None else axes([1])], **own)
        for keep in (0, 1):
            for chosen in ([0], [-1], [0, 2], [2, 0], [-3, 1], [0, 1, 2]):
                name = "_".join([op, f"keep_{keep}", *map(str, chosen)])
                x = data(name, np.float32, 2, 3, 4)
                yield node_case(name, op, [x, axes(chosen)], keepdims=keep)
                yield node_case(f"{name}_constant", op, [x, axes(chosen)], keepdims=keep,
                                constants=(1,))
            name = f"{op}_keep_{keep}_no_axes"
            x = data(name, np.float32, 2, 3)
            yield node_case(name, op, [x], keepdims=keep)
            yield node_case(f"{name}_empty", op, [x, axes([])], keepdims=keep)
            yield node_case(f"{name}_empty_constant", op, [x, axes([])], keepdims=keep,
                            constants=(1,))
        # With no axes that are reduced, functions of single elements stay.
        name = f"{op}_noop"
        x = random(name).uniform(-2, 2, (2, 3)).astype(np.float32)
        alone = {"ReduceL1": np.abs, "ReduceL2": np.abs, "ReduceLogSum": lambda v: np.log(np.abs(v)),
                 "ReduceSumSquare": np.square}.get(op, lambda v: v)
        if op == "ReduceLogSum":
            x = np.abs(x)
        for given in ([x], [x, axes([])]):
            yield node_case(f"{name}_{len(given)}", op, given, noop_with_empty_axes=1,
                            expected=[alone(x)],
                            why="the evaluator of onnx leaves out the function of single elements")
        name = f"{op}_scalar"
        yield node_case(name, op, [np.float32(3)], expected=[np.float32(alone(3))],
                        why="the evaluator of onnx refuses some of these")
        x = np.zeros((2, 0, 4), np.float32)
        empty = {"ReduceLogSum": -np.inf, "ReduceLogSumExp": -np.inf, "ReduceMax": -np.inf,
                 "ReduceMin": np.inf, "ReduceProd": 1, "ReduceMean": np.nan}.get(op, 0)
        yield node_case(f"{op}_of_nothing", op, [x, axes([1])],
                        expected=[np.full((2, 1, 4), empty, np.float32)],
                        why="NumPy refuses the extremes of nothing")
        yield node_case(f"{op}_to_nothing", op, [x, axes([0])],
                        expected=[np.zeros((1, 0, 4), np.float32)],
                        why="the evaluator of onnx refuses some of these")
        for opset in (7, 11, 13, 17, 18):
            name = f"{op}_opset_{opset}"
            if opset < (13 if op == "ReduceSum" else 18):
                x = data(name, np.float32, 2, 3, 4)
                newest = node_case(name, op, [x, axes([1])], keepdims=0)
                yield node_case(name, op, [x], axes=[1], keepdims=0, opset=opset,
                                expected=newest.expected(),
                                why="the evaluator of onnx lacks some of the first versions")
            else:
                yield node_case(name, op, [data(name, np.float32, 2, 3, 4), axes([-2])],
                                opset=opset)
    big = np.float32([[1000, 1001], [-1000, -1001]])
    yield node_case("ReduceLogSumExp_large", "ReduceLogSumExp", [big, axes([1])],
                    expected=[np.float32([[1001.313262], [-999.686738]])],
                    why="the evaluator of onnx overflows")
    nan = np.float32([[1, np.nan, 3], [np.inf, 2, -np.inf]])
    for op in ("ReduceMax", "ReduceMin"):
        yield node_case(f"{op}_nan", op, [nan, axes([1])])
    for op in ("ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceL1"):
        x = np.int32([[2**31 - 1, 1], [-2**31, -1]])
        wanted = {"ReduceSum": [-2**31, 2**31 - 1], "ReduceProd": [2**31 - 1, -2**31],
                  "ReduceSumSquare": [2, 1], "ReduceL1": [-2**31, -2**31 + 1]}[op]
        yield node_case(f"{op}_overflow", op, [x, axes([1])],
                        expected=[np.int32(wanted)[:, None]],
                        why="sums of integers wrap around in their type")


def arg_cases():
    for op in ("ArgMax", "ArgMin"):
        for dtype in types_of(op):
            name = f"{op}_{np.dtype(dtype).name}"
            yield node_case(name, op, [values_of(name, dtype, 3, 4, 2)], axis=1)
        for axis in (0, 1, 2, -1, -3):
            for keep in (0, 1):
                for last in (0, 1):
                    name = "_".join([op, str(axis), str(keep), str(last)])
                    x = random(name).integers(0, 3, (3, 4, 5)).astype(np.float32)
                    yield node_case(name, op, [x], axis=axis, keepdims=keep,
                                    select_last_index=last)
        yield node_case(f"{op}_default", op, [random(op).random((3, 4)).astype(np.float32)])
        yield node_case(f"{op}_nan", op, [np.float32([[1, np.nan, 3, np.nan], [2, 1, 1, 2]])],
                        axis=1)
        yield node_case(f"{op}_to_nothing", op, [np.zeros((0, 3), np.float32)], axis=1)
        for opset in (7, 11, 12):
            name = f"{op}_opset_{opset}"
            x = random(name).random((3, 4)).astype(np.float32)
            function = np.argmax if op == "ArgMax" else np.argmin
            yield node_case(name, op, [x], axis=1, opset=opset,
                            expected=[function(x, 1, keepdims=True).astype(np.int64)],
                            why="the evaluator of onnx lacks the first versions")


def top_k_cases():
    op = "TopK"
    k = np.int64
    for dtype in types_of(op):
        for largest in (0, 1):
            name = f"{op}_{np.dtype(dtype).name}_{largest}"
            x = values_of(name, dtype, 2, 9)
            order = np.argsort(x, 1, kind="stable")
            if largest:
                order = 8 - np.argsort(x[:, ::-1], 1, kind="stable")[:, ::-1]
            order = order[:, :4]
            yield node_case(name, op, [x, k([4])], 2, largest=largest,
                            expected=[np.take_along_axis(x, order, 1), order.astype(np.int64)],
                            why="the evaluator of onnx takes another one of equal elements")
    for axis in (0, 1, 2, -1, -2):
        for count in (0, 1, 2):
            name = f"{op}_{axis}_{count}"
            x = random(name).permutation(24).reshape(2, 4, 3).astype(np.float32)
            yield node_case(name, op, [x, k([count])], 2, axis=axis)
            yield node_case(f"{name}_constant", op, [x, k([count])], 2, axis=axis, constants=(1,))
    x = random(op).permutation(12).reshape(3, 4).astype(np.float32)
    yield node_case(f"{op}_opset_10", op, [x, k([3])], 2, opset=10)
    newest = node_case(f"{op}_opset_9", op, [x, k([3])], 2)
    yield node_case(f"{op}_opset_9", op, [x], 2, k=3, opset=9, expected=newest.expected(),
                    why="the evaluator of onnx lacks the first versions")


def softmax_cases():
    for op in ("Softmax", "LogSoftmax"):
        for dtype in types_of(op):
            name = f"{op}_{np.dtype(dtype).name}"
            x = random(name).normal(0, 3, (3, 4)).astype(dtype)
            wanted = x.astype(np.float64) - np.log(np.exp(x.astype(np.float64)).sum(1, keepdims=True))
            wanted = wanted if op == "LogSoftmax" else np.exp(wanted)
            yield node_case(name, op, [x], expected=[wanted.astype(dtype)],
                            why="the evaluator of onnx rounds every step")
        for axis in (0, 1, 2, -1, -2):
            name = f"{op}_{axis}"
            yield node_case(name, op, [random(name).normal(0, 3, (2, 3, 4)).astype(np.float32)],
                            axis=axis)
        yield node_case(f"{op}_large", op, [np.float32([[1000, 1001, 0], [-1000, -1001, -999]])],
                        **({} if op == "Softmax" else
                           {"expected": [np.float32([[-1.3132616, -0.3132617, -1001.3133],
                                                     [-1.4076059, -2.4076059, -0.4076059]])],
                            "why": "the evaluator of onnx takes the logarithm of 0"}))
        yield node_case(f"{op}_vector", op, [random(op).random(5).astype(np.float32)])
        yield node_case(f"{op}_nothing", op, [np.zeros((2, 0, 3), np.float32)], axis=0)
        # All axes from `axis` on were one.
        for opset in (7, 11):
            for axis in (0, 1, 2, None):
                name = f"{op}_opset_{opset}_{axis}"
                x = random(name).normal(0, 3, (2, 3, 4)).astype(np.float32)
                rows = x.reshape(int(np.prod(x.shape[:1 if axis is None else axis])), -1)
                wanted = rows - np.log(np.exp(rows).sum(1, keepdims=True))
                wanted = (wanted if op == "LogSoftmax" else np.exp(wanted)).reshape(x.shape)
                yield node_case(name, op, [x], opset=opset, expected=[wanted],
                                why="the evaluator of onnx takes one axis",
                                **({} if axis is None else {"axis": axis}))


def cases():
    yield from reduce_cases()
    yield from arg_cases()
    yield from top_k_cases()
    yield from softmax_cases()
