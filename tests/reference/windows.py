"""Convolutions, pools and products: each option, each type."""
import itertools

import numpy as np

from reference.case import node_case, random
from reference.existing import types_of, values_of

ROUNDS = "the evaluator of onnx rounds every step, or lacks the type"


def numbers(name, dtype, *shape):
    return random(name).uniform(-1, 1, shape).astype(dtype)


def convolve(x, w, bias=None, strides=None, pads=None, dilations=None, group=1):
    """Any number of spatial axes, in float64."""
    rank = x.ndim - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = pads or [0] * 2 * rank
    x = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:])])
    out = [(n - (k - 1) * d - 1) // s + 1
           for n, k, d, s in zip(x.shape[2:], w.shape[2:], dilations, strides)]
    y = np.zeros((x.shape[0], w.shape[0], *out))
    per_group = w.shape[0] // group
    for m in range(w.shape[0]):
        first = m // per_group * w.shape[1]
        for tap in np.ndindex(*w.shape[2:]):
            window = tuple(slice(t * d, t * d + (o - 1) * s + 1, s)
                           for t, d, o, s in zip(tap, dilations, out, strides))
            part = x[(slice(None), slice(first, first + w.shape[1]), *window)]
            y[:, m] += np.einsum("nc...,c->n...", part, w[(m, slice(None), *tap)].astype(np.float64))
    if bias is not None:
        y += bias.astype(np.float64).reshape(-1, *[1] * rank)
    return y


def transposed(x, w, bias=None, strides=None, pads=None, dilations=None, group=1,
               output_padding=None):
    rank = x.ndim - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads, extra = pads or [0] * 2 * rank, output_padding or [0] * rank
    full = [(n - 1) * s + (k - 1) * d + 1 + e
            for n, s, k, d, e in zip(x.shape[2:], strides, w.shape[2:], dilations, extra)]
    y = np.zeros((x.shape[0], w.shape[1] * group, *full))
    for c in range(x.shape[1]):
        first = c // (x.shape[1] // group) * w.shape[1]
        for tap in np.ndindex(*w.shape[2:]):
            window = tuple(slice(t * d, t * d + (n - 1) * s + 1, s)
                           for t, d, n, s in zip(tap, dilations, x.shape[2:], strides))
            for m in range(w.shape[1]):
                y[(slice(None), first + m, *window)] += (x[:, c].astype(np.float64) *
                                                         float(w[(c, m, *tap)]))
    cut = tuple(slice(a, n - b) for a, b, n in zip(pads[:rank], pads[rank:], full))
    y = y[(slice(None), slice(None), *cut)]
    if bias is not None:
        y = y + bias.astype(np.float64).reshape(-1, *[1] * rank)
    return y


def conv_cases():
    variants = [("line", (2, 3, 9), (4, 3, 3), {}),
                ("line_options", (1, 4, 11), (6, 2, 3),
                 {"strides": [2], "pads": [1, 3], "dilations": [2], "group": 2}),
                ("image", (2, 3, 6, 7), (4, 3, 3, 2), {}),
                ("pads", (1, 3, 5, 6), (2, 3, 3, 3), {"pads": [0, 2, 1, 1]}),
                ("strides", (1, 3, 8, 7), (2, 3, 3, 3), {"strides": [2, 3]}),
                ("dilations", (1, 3, 8, 9), (2, 3, 3, 3), {"dilations": [2, 3]}),
                ("groups", (1, 6, 5, 5), (4, 3, 3, 3), {"group": 2}),
                ("depthwise", (1, 4, 5, 5), (4, 1, 3, 3), {"group": 4, "pads": [1] * 4}),
                ("multiplied_depthwise", (1, 3, 5, 5), (6, 1, 3, 3), {"group": 3}),
                ("point", (1, 5, 4, 4), (3, 5, 1, 1), {}),
                ("all_of_it", (1, 2, 4, 3), (3, 2, 4, 3), {}),
                ("volume", (1, 2, 4, 5, 3), (3, 2, 2, 3, 2), {}),
                ("volume_options", (1, 4, 5, 6, 4), (4, 2, 2, 3, 2),
                 {"strides": [1, 2, 1], "pads": [1, 0, 1, 0, 1, 1], "dilations": [2, 1, 1],
                  "group": 2}),
                ("no_batch", (0, 3, 6, 7), (4, 3, 3, 2), {})]
    for variant, x_shape, w_shape, options in variants:
        for constants in ((), (1, 2)):
            for biased in (False, True):
                name = f"Conv_{variant}" + "_bias" * biased + "_constant" * bool(constants)
                x, w = numbers(name, np.float32, *x_shape), numbers(name + "w", np.float32, *w_shape)
                inputs = [x, w] + [numbers(name + "b", np.float32, w_shape[0])] * biased
                wanted = convolve(*inputs, **options).astype(np.float32)
                yield node_case(name, "Conv", inputs, constants=constants[:1 + biased] if constants
                                else (), expected=[wanted], why=ROUNDS, **options)
    for dtype in types_of("Conv"):
        name = f"Conv_{dtype.name}"
        parts = [numbers(name + part, dtype, *shape)
                 for part, shape in (("x", (1, 3, 5, 5)), ("w", (4, 3, 3, 3)), ("b", (4,)))]
        yield node_case(name, "Conv", parts, expected=[convolve(*parts).astype(dtype)], why=ROUNDS)
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        for strides in ([1, 1], [2, 3]):
            name = "_".join(["Conv", mode, *map(str, strides)])
            x, w = numbers(name, np.float32, 1, 2, 6, 7), numbers(name, np.float32, 3, 2, 3, 2)
            pads = [0] * 4
            if mode != "VALID":
                total = [max((-(-n // s) - 1) * s + k - n, 0)
                         for n, s, k in zip((6, 7), strides, (3, 2))]
                less = [t // 2 for t in total]
                more = [t - half for t, half in zip(total, less)]
                pads = less + more if mode == "SAME_UPPER" else more + less
            yield node_case(name, "Conv", [x, w], auto_pad=mode, strides=strides,
                            expected=[convolve(x, w, None, strides, pads).astype(np.float32)],
                            why="the evaluator of onnx divides paddings otherwise")
    yield node_case("Conv_opset_7", "Conv", [x, w], kernel_shape=[3, 2], opset=7,
                    expected=[convolve(x, w).astype(np.float32)], why=ROUNDS)


def conv_transpose_cases():
    variants = [("line", (2, 3, 5), (3, 4, 3), {}),
                ("line_options", (1, 4, 5), (4, 3, 3),
                 {"strides": [3], "pads": [1, 2], "dilations": [2], "group": 2,
                  "output_padding": [2]}),
                ("image", (2, 3, 4, 5), (3, 2, 3, 2), {}),
                ("strides", (1, 3, 4, 5), (3, 2, 3, 3), {"strides": [2, 3]}),
                ("pads", (1, 3, 4, 5), (3, 2, 3, 3), {"strides": [2, 2], "pads": [1, 0, 2, 1]}),
                ("dilations", (1, 3, 4, 5), (3, 2, 2, 2), {"dilations": [3, 2]}),
                ("output_padding", (1, 3, 4, 5), (3, 2, 3, 3),
                 {"strides": [3, 2], "output_padding": [2, 1]}),
                ("groups", (1, 4, 4, 5), (4, 3, 3, 3), {"group": 2}),
                ("depthwise", (1, 4, 4, 5), (4, 1, 3, 3), {"group": 4, "strides": [2, 2]}),
                ("volume", (1, 2, 3, 2, 4), (2, 3, 2, 3, 2), {}),
                ("volume_options", (1, 4, 3, 2, 3), (4, 2, 2, 3, 2),
                 {"strides": [2, 1, 3], "pads": [1, 0, 1, 0, 1, 1], "group": 2})]
    for variant, x_shape, w_shape, options in variants:
        for constants in ((), (1, 2)):
            for biased in (False, True):
                name = f"ConvTranspose_{variant}" + "_bias" * biased + "_constant" * bool(constants)
                x, w = numbers(name, np.float32, *x_shape), numbers(name + "w", np.float32, *w_shape)
                channels = w_shape[1] * options.get("group", 1)
                inputs = [x, w] + [numbers(name + "b", np.float32, channels)] * biased
                yield node_case(name, "ConvTranspose", inputs,
                                constants=constants[:1 + biased] if constants else (),
                                expected=[transposed(*inputs, **options).astype(np.float32)],
                                why=ROUNDS, **options)
    for dtype in types_of("ConvTranspose"):
        name = f"ConvTranspose_{dtype.name}"
        parts = [numbers(name + part, dtype, *shape)
                 for part, shape in (("x", (1, 3, 4, 4)), ("w", (3, 2, 3, 3)), ("b", (2,)))]
        yield node_case(name, "ConvTranspose", parts, expected=[transposed(*parts).astype(dtype)],
                        why=ROUNDS)
    x, w = numbers("ct", np.float32, 1, 2, 4, 5), numbers("ctw", np.float32, 2, 3, 3, 3)
    # The full extents are [2 * 3 + 3, 2 * 4 + 3] = [9, 11].
    for mode, shape, pads, extra in (
            ("NOTSET", [8, 10], [0, 0, 1, 1], None), ("NOTSET", [6, 9], [1, 1, 2, 1], None),
            ("NOTSET", [10, 12], [0] * 4, [1, 1]), ("SAME_UPPER", [6, 9], [1, 1, 2, 1], None),
            ("SAME_LOWER", [6, 9], [2, 1, 1, 1], None)):
        name = "_".join(["ConvTranspose_output_shape", mode, *map(str, shape)])
        upper = pads
        if mode == "NOTSET" and shape == [6, 9]:
            # Without SAME_UPPER the larger half stands at the beginning.
            upper = [2, 1, 1, 1]
        if mode == "NOTSET" and shape == [8, 10]:
            upper = [1, 1, 0, 0]
        if mode == "SAME_UPPER":
            upper = [1, 1, 2, 1]
        wanted = transposed(x, w, None, [2, 2], upper, output_padding=extra)
        yield node_case(name, "ConvTranspose", [x, w], strides=[2, 2], output_shape=shape,
                        auto_pad=mode, expected=[wanted.astype(np.float32)],
                        why="the evaluator of onnx divides paddings otherwise")
    for mode, pads in (("SAME_UPPER", [0, 0, 1, 1]), ("SAME_LOWER", [1, 1, 0, 0]),
                       ("VALID", [0] * 4)):
        wanted = transposed(x, w, None, [2, 2], pads)
        yield node_case(f"ConvTranspose_{mode}", "ConvTranspose", [x, w], strides=[2, 2],
                        auto_pad=mode, expected=[wanted.astype(np.float32)],
                        why="the evaluator of onnx divides paddings otherwise")


def pooled(x, kernel, strides=None, pads=None, dilations=None, ceil_mode=0, largest=True,
           count_include_pad=0):
    """With the places that the windows start at: the last one not in the padding behind."""
    rank = len(kernel)
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = pads or [0] * 2 * rank
    out = []
    for i in range(rank):
        n, span = x.shape[i + 2], (kernel[i] - 1) * dilations[i] + 1
        free = n + pads[i] + pads[i + rank] - span
        count = (-(-free // strides[i]) if ceil_mode else free // strides[i]) + 1
        if ceil_mode and (count - 1) * strides[i] >= n + pads[i]:
            count -= 1
        out.append(count)
    y = np.zeros((*x.shape[:2], *out))
    for place in np.ndindex(*out):
        taps = [[place[i] * strides[i] - pads[i] + k * dilations[i] for k in range(kernel[i])]
                for i in range(rank)]
        inside = [[t for t in taps[i] if 0 <= t < x.shape[i + 2]] for i in range(rank)]
        window = x[np.ix_(range(x.shape[0]), range(x.shape[1]), *inside)].astype(np.float64)
        at = (slice(None), slice(None), *place)
        axes = tuple(range(2, 2 + rank))
        if largest:
            y[at] = window.max(axes)
            continue
        if count_include_pad:
            inside = [[t for t in taps[i] if t < x.shape[i + 2] + pads[i + rank]]
                      for i in range(rank)]
        y[at] = window.sum(axes) / np.prod([len(t) for t in inside])
    return y


def pool_cases():
    shapes = {1: ((2, 3, 11), [3]), 2: ((1, 2, 7, 8), [3, 2]), 3: ((1, 2, 5, 4, 6), [2, 3, 2])}
    for op in ("MaxPool", "AveragePool"):
        for rank, (shape, kernel) in shapes.items():
            for strides, pads, dilations, ceil in itertools.product(
                    ([1] * rank, [2] * rank), ([0] * 2 * rank, [1] * rank + [0] * rank),
                    ([1] * rank, [2] + [1] * (rank - 1)), (0, 1)):
                options = {"strides": strides, "pads": pads, "dilations": dilations,
                           "ceil_mode": ceil}
                name = "_".join([op, *("".join(map(str, v)) if isinstance(v, list) else str(v)
                                       for v in options.values())])
                x = numbers(name, np.float32, *shape)
                for counted in (0, 1) if op == "AveragePool" else (None,):
                    more = {} if counted is None else {"count_include_pad": counted}
                    wanted = pooled(x, kernel, largest=op == "MaxPool", **options, **more)
                    yield node_case(name + ("" if counted is None else f"_{counted}"), op, [x],
                                    kernel_shape=kernel, expected=[wanted.astype(np.float32)],
                                    why="the evaluator of onnx counts otherwise in some of these",
                                    **options, **more)
        for dtype in types_of(op):
            x = values_of(op, dtype, 1, 2, 5, 6)
            wanted = pooled(x, [2, 3], largest=op == "MaxPool").astype(dtype)
            yield node_case(f"{op}_{dtype.name}", op, [x], kernel_shape=[2, 3], expected=[wanted],
                            why=ROUNDS)
        for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
            x = numbers(mode, np.float32, 1, 2, 7, 6)
            pads = {"SAME_UPPER": [0, 0, 0, 1], "SAME_LOWER": [0, 1, 0, 0], "VALID": [0] * 4}[mode]
            wanted = pooled(x, [3, 3], [2, 2] if mode != "VALID" else [2, 2],
                            [1, 0, 1, 1] if mode == "SAME_UPPER" else
                            [1, 1, 1, 0] if mode == "SAME_LOWER" else pads,
                            largest=op == "MaxPool")
            yield node_case(f"{op}_{mode}", op, [x], kernel_shape=[3, 3], strides=[2, 2],
                            auto_pad=mode, expected=[wanted.astype(np.float32)],
                            why="the evaluator of onnx divides paddings otherwise")
        x = numbers("old", np.float32, 1, 2, 5, 5)
        yield node_case(f"{op}_opset_7", op, [x], kernel_shape=[3, 3], opset=7,
                        expected=[pooled(x, [3, 3], largest=op == "MaxPool").astype(np.float32)],
                        why="the evaluator of onnx lacks the first versions")
    for order in (0, 1):
        x = random("indices").permutation(60).reshape(1, 2, 5, 6).astype(np.float32)
        yield node_case(f"MaxPool_indices_{order}", "MaxPool", [x], 2, kernel_shape=[2, 2],
                        strides=[2, 2], storage_order=order)
    for op, function in (("GlobalAveragePool", np.mean), ("GlobalMaxPool", np.max)):
        for dtype in types_of(op):
            x = values_of(op, dtype, 2, 3, 4, 5)
            wanted = function(x.astype(np.float64), (2, 3), keepdims=True)
            yield node_case(f"{op}_{dtype.name}", op, [x], expected=[wanted.astype(dtype)],
                            why=ROUNDS)
        for shape in ((2, 3, 5), (1, 2, 3, 2, 4), (1, 2, 1, 1)):
            x = numbers(op, np.float32, *shape)
            axes = tuple(range(2, len(shape)))
            yield node_case("_".join([op, *map(str, shape)]), op, [x],
                            expected=[function(x, axes, keepdims=True)],
                            why="the evaluator of onnx reduces other axes of some of these")


def product_cases():
    for dtype in types_of("Gemm"):
        name = f"Gemm_{dtype.name}"
        parts = [values_of(name + str(i), dtype, *shape, low=0)
                 for i, shape in enumerate(((3, 4), (4, 2), (2,)))]
        wide = [part.astype(np.float64) for part in parts]
        yield node_case(name, "Gemm", parts, why=ROUNDS,
                        expected=[(wide[0] @ wide[1] + wide[2]).astype(dtype)])
    for a, b in itertools.product((0, 1), (0, 1)):
        for c_shape in (None, (), (1,), (5,), (3, 1), (1, 5), (3, 5)):
            for constants in ((), (1, 2)):
                name = "_".join(["Gemm", str(a), str(b), str(c_shape)]) + "_constant" * bool(constants)
                inputs = [numbers(name, np.float32, *((4, 3) if a else (3, 4))),
                          numbers(name + "b", np.float32, *((5, 4) if b else (4, 5)))]
                if c_shape is not None:
                    inputs.append(np.asarray(numbers(name + "c", np.float32, *c_shape), np.float32))
                yield node_case(name.replace(" ", ""), "Gemm", inputs, transA=a, transB=b, alpha=0.5,
                                beta=2.0, constants=constants[:len(inputs) - 1] if constants else ())
    yield node_case("Gemm_opset_7", "Gemm", [numbers("g", np.float32, 3, 4),
                                             numbers("h", np.float32, 4, 2), np.float32([1, 2])],
                    opset=7)
    yield node_case("Gemm_no_rows", "Gemm", [np.zeros((0, 4), np.float32),
                                             numbers("h", np.float32, 4, 2)])
    for dtype in types_of("MatMul"):
        name = f"MatMul_{dtype.name}"
        a, b = values_of(name, dtype, 2, 3, 4, low=0), values_of(name + "b", dtype, 4, 2, low=0)
        yield node_case(name, "MatMul", [a, b], why=ROUNDS,
                        expected=[(a.astype(np.float64) @ b.astype(np.float64)).astype(dtype)])
    for a, b in (((4,), (4,)), ((4,), (4, 3)), ((3, 4), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)),
                 ((2, 1, 3, 4), (5, 4, 2)), ((3, 4), (2, 4, 5)), ((0, 4), (4, 3)), ((3, 0), (0, 2))):
        for constants in ((), (1,)):
            name = "_".join(["MatMul", "x".join(map(str, a)), "x".join(map(str, b))])
            yield node_case(name + "_constant" * bool(constants), "MatMul",
                            [numbers(name, np.float32, *a), numbers(name + "b", np.float32, *b)],
                            constants=constants)


def cases():
    for made in (conv_cases, conv_transpose_cases, pool_cases, product_cases):
        yield from made()
