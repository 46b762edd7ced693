"""Fourier transforms, windows, random numbers, and pooling that is undone."""
import ml_dtypes
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .case import NEWEST, Case, node_case, random, type_of

I64 = np.int64
WINDOWS = ("BlackmanWindow", "HammingWindow", "HannWindow")
BF16 = ml_dtypes.bfloat16


def numbers(name, *shape, dtype=np.float32):
    return random(name).normal(size=shape).astype(dtype)


def scalar(value, dtype=np.int64):
    return np.array(value, dtype)


def cases():
    for part in (windows, mel_weights, dft, dft_of_half_a_spectrum, stft, random_numbers, lrn, lp_pool,
                 global_lp_pool, max_pool_indices, max_unpool, col2im):
        yield from part()


def windows():
    for op in WINDOWS:
        for size in (0, 1, 2, 7, 10):
            yield node_case(f"{op}_{size}", op, [scalar(size)])
        for size in (2, 7, 10):
            yield node_case(f"{op}_{size}_symmetric", op, [scalar(size)], periodic=0)
        yield node_case(f"{op}_constant", op, [scalar(5, np.int32)], constants=(0,))
        yield node_case(f"{op}_one_symmetric", op, [scalar(1)], periodic=0, expected=[np.ones(1, np.float32)],
                        why="the middle of the window, as numpy and PyTorch have it, not 0 / 0")
        for dtype in (np.float16, np.float64, np.int8, np.uint8, np.int64):
            yield node_case(f"{op}_{np.dtype(dtype)}", op, [scalar(9)],
                            output_datatype=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
                            **exact(op, 9, dtype))


def exact(op, size, dtype):
    t = 2 * np.pi * np.arange(size) / size
    values = {"HannWindow": 0.5 - 0.5 * np.cos(t), "HammingWindow": 25 / 46 - 21 / 46 * np.cos(t),
              "BlackmanWindow": 0.42 - 0.5 * np.cos(t) + 0.08 * np.cos(2 * t)}[op]
    return dict(expected=[values.astype(dtype)], why="the evaluator counts points in the type of the output")


def mel_weights():
    def case(name, bins, dft_length, rate, low, high, edges=np.float64, ints=np.int64, **attributes):
        return node_case(f"mel_{name}", "MelWeightMatrix",
                         [scalar(bins, ints), scalar(dft_length, ints), scalar(rate, ints),
                          scalar(low, edges), scalar(high, edges)], **attributes)
    yield case("small", 8, 16, 8192, 0, 4096)
    yield case("speech", 40, 400, 16000, 20.3, 7600.7)
    yield case("odd_length", 5, 33, 8000, 100.3, 3000.1, ints=np.int32)
    yield case("many_bins", 20, 16, 8000, 10.3, 3900.7)
    yield case("one_bin", 1, 64, 8000, 10.3, 3900.7)
    yield case("no_bins", 0, 64, 8000, 10.3, 3900.7)
    yield case("float_edges", 6, 64, 8000, 310.3, 3900.7, edges=np.float32)
    yield case("half_edges", 6, 64, 8000, 512, 2048, edges=np.float16)
    yield case("double", 6, 64, 8000, 10.3, 3900.7, output_datatype=TensorProto.DOUBLE)
    yield case("half", 6, 64, 8000, 10.3, 3900.7, output_datatype=TensorProto.FLOAT16)
    yield case("int", 6, 64, 8000, 10.3, 3900.7, output_datatype=TensorProto.INT32)


def dft():
    # Powers of two, mixed radices, primes small and large, products of large primes.
    for length in (1, 2, 3, 4, 5, 8, 12, 13, 17, 30, 34, 97, 143, 289, 360, 512, 1009, 1155):
        for parts, kind in ((1, "real"), (2, "complex")):
            x = numbers(f"dft{length}{kind}", 2, length, parts)
            yield node_case(f"dft_{length}_{kind}", "DFT", [x])
            yield node_case(f"dft_{length}_{kind}_inverse", "DFT", [x], inverse=1)
        yield node_case(f"dft_{length}_onesided", "DFT", [numbers(f"dft{length}o", 2, length, 1)], onesided=1)
    x = numbers("dft_axes", 3, 4, 5, 2)
    for axis in (0, 1, 2, -2, -3, -4):
        yield node_case(f"dft_axis_{axis}", "DFT", [x, None, scalar(axis)])
        yield node_case(f"dft_axis_{axis}_constant_inverse", "DFT", [x, None, scalar(axis)], constants=(2,), inverse=1)
        yield node_case(f"dft_axis_{axis}_onesided", "DFT", [x[..., :1], None, scalar(axis)], onesided=1)
    for length in (1, 3, 4, 5, 11, 16):
        for dtype in (np.int32, np.int64):
            yield node_case(f"dft_length_{length}_{np.dtype(dtype)}", "DFT", [x, scalar(length, dtype), scalar(1)])
        yield node_case(f"dft_length_{length}_constant", "DFT", [x, scalar(length)], constants=(1,), inverse=1)
        yield node_case(f"dft_length_{length}_onesided", "DFT", [x[..., :1], scalar(length), scalar(0)], onesided=1)
    yield node_case("dft_rank_2", "DFT", [numbers("dft_rank_2", 6, 1)])
    yield node_case("dft_no_batch", "DFT", [np.zeros((0, 6, 2), np.float32)])
    yield node_case("dft_double", "DFT", [numbers("dft_double", 2, 101, 2, dtype=np.float64)])
    yield node_case("dft_half", "DFT", [numbers("dft_half", 2, 12, 1, dtype=np.float16)])
    x = numbers("dft_bfloat16", 2, 12, 1).astype(BF16)
    spectrum = np.fft.fft(x.astype(np.float32)[..., 0])
    yield node_case("dft_bfloat16", "DFT", [x], expected=[np.stack([spectrum.real, spectrum.imag], -1).astype(BF16)],
                    why="numpy has no transform of bfloat16")
    x = numbers("dft_17", 2, 5, 6, 2)
    yield node_case("dft_17", "DFT", [x], opset=17)
    yield node_case("dft_17_axis", "DFT", [x], opset=17, axis=2)
    yield node_case("dft_17_negative_axis", "DFT", [x], opset=19, axis=-3, inverse=1)
    yield node_case("dft_17_length", "DFT", [x, scalar(7)], opset=18, axis=0)
    yield node_case("dft_opset_17_onesided", "DFT", [x[..., :1]], opset=17, onesided=1)
    yield node_case("dft_17_half_spectrum", "DFT", [x], opset=17, onesided=1, inverse=1)


def dft_of_half_a_spectrum():
    attributes = dict(inverse=1, onesided=1)
    for bins in (2, 3, 4, 9, 18, 50):
        yield node_case(f"irfft_{bins}", "DFT", [numbers(f"irfft{bins}", 2, bins, 2)], **attributes)
    x = numbers("irfft", 3, 5, 4, 2)
    for length in (1, 2, 5, 6, 7, 8, 9, 12, 17):
        yield node_case(f"irfft_length_{length}", "DFT", [x, scalar(length), scalar(1)], **attributes)
    yield node_case("irfft_axis", "DFT", [x, None, scalar(-4)], constants=(2,), **attributes)
    yield node_case("irfft_double", "DFT", [x.astype(np.float64)], **attributes)


def stft():
    x = numbers("stft", 2, 37, 1)
    step, length = scalar(5), scalar(8)
    window = random("stft_window").uniform(size=8).astype(np.float32)
    for onesided in (0, 1):
        kind = "onesided" if onesided else "full"
        yield node_case(f"stft_length_{kind}", "STFT", [x, step, None, length], onesided=onesided)
        yield node_case(f"stft_window_{kind}", "STFT", [x, step, window], onesided=onesided)
        yield node_case(f"stft_both_{kind}", "STFT", [x, step, window, length], onesided=onesided, constants=(1, 3))
        yield node_case(f"stft_neither_{kind}", "STFT", [x, step], onesided=onesided)
    yield node_case("stft_default", "STFT", [x, step, window])
    yield node_case("stft_complex", "STFT", [numbers("stft_complex", 2, 20, 2), step, window], onesided=0)
    yield node_case("stft_exact", "STFT", [x[:, :18], step, window])
    yield node_case("stft_one_frame", "STFT", [x[:, :8], step, window])
    yield node_case("stft_step_1", "STFT", [x, scalar(1, np.int32), None, scalar(7, np.int32)])
    yield node_case("stft_large_step", "STFT", [x, scalar(30), None, scalar(3)])
    yield node_case("stft_frame_of_1", "STFT", [x, step, None, scalar(1)])
    yield node_case("stft_double", "STFT", [x.astype(np.float64), step, window.astype(np.float64)])
    halves = [x.astype(np.float16), step, window.astype(np.float16)]
    singles = [value.astype(np.float32) if value.dtype == np.float16 else value for value in halves]
    yield node_case("stft_half", "STFT", halves, why="the evaluator rounds what a window makes to half precision",
                    expected=[node_case("stft_single", "STFT", singles).expected()[0].astype(np.float16)])


def chain(name, nodes, inputs, outputs):
    infos = [helper.make_value_info(f"x{i}", type_of(value)) for i, value in enumerate(inputs)]
    made = [helper.make_value_info("y", type_of(outputs[0]))]
    model = helper.make_model(helper.make_graph(nodes, name, infos, made),
                              opset_imports=[helper.make_opsetid("", NEWEST[""])], ir_version=10)
    return Case(name, model, inputs, outputs, "random numbers, of which only type and shape are fixed")


def random_numbers():
    for op, attributes in (("RandomNormal", dict(mean=1.5, scale=2.0)), ("RandomUniform", dict(low=-2.0, high=5.0))):
        for number, dtype in ((None, np.float32), (TensorProto.FLOAT16, np.float16), (TensorProto.DOUBLE, np.float64),
                              (TensorProto.BFLOAT16, BF16)):
            given = {} if number is None else dict(dtype=number)
            name = f"{op}_{np.dtype(dtype)}"
            yield chain(name, [helper.make_node(op, [], ["r"], shape=[2, 3], **given, **attributes),
                               helper.make_node("Sub", ["r", "r"], ["y"])], [], [np.zeros((2, 3), dtype)])
            yield chain(f"{name}_seed",
                        [helper.make_node(op, [], ["a"], shape=[2, 3], seed=3.5, **given, **attributes),
                         helper.make_node(op, [], ["b"], shape=[2, 3], seed=3.5, **given, **attributes),
                         helper.make_node("Sub", ["a", "b"], ["y"])], [], [np.zeros((2, 3), dtype)])
            x = np.zeros((2, 3), np.float32)
            yield chain(f"{op}Like_{np.dtype(dtype)}",
                        [helper.make_node(f"{op}Like", ["x0"], ["r"], **given, **attributes),
                         helper.make_node("Sub", ["r", "r"], ["y"])], [x], [np.zeros((2, 3), dtype)])
        for x in (np.zeros((2, 0), np.float64), np.zeros((), np.float16)):
            yield chain(f"{op}Like_own_type_{x.dtype}",
                        [helper.make_node(f"{op}Like", ["x0"], ["r"]), helper.make_node("Sub", ["r", "r"], ["y"])],
                        [x], [x])
        words = np.array(["a", "b"], object)
        yield chain(f"{op}Like_strings",
                    [helper.make_node(f"{op}Like", ["x0"], ["r"], dtype=TensorProto.FLOAT),
                     helper.make_node("Sub", ["r", "r"], ["y"])], [words], [np.zeros(2, np.float32)])
    why = "so that nothing is left to chance"
    yield node_case("RandomNormal_no_scale", "RandomNormal", [], shape=[3], mean=1.25, scale=0.0,
                    expected=[np.full(3, 1.25, np.float32)], why=why)
    yield node_case("RandomUniform_no_range", "RandomUniform", [], shape=[2, 2], low=1.5, high=1.5, opset=7,
                    expected=[np.full((2, 2), 1.5, np.float32)], why=why)
    yield node_case("RandomUniform_nothing", "RandomUniform", [], shape=[2, 0], expected=[np.zeros((2, 0), np.float32)],
                    why=why)
    certain = np.array([[0, 1, 1], [1, 0, 0]])
    for dtype in (np.float32, np.float64, np.float16, BF16):
        yield node_case(f"Bernoulli_{np.dtype(dtype)}", "Bernoulli", [certain.astype(dtype)],
                        expected=[certain.astype(dtype)], why=why)
    for dtype in (np.bool_, np.int8, np.uint16, np.int64, np.float16, np.float64):
        yield node_case(f"Bernoulli_to_{np.dtype(dtype)}", "Bernoulli", [certain.astype(np.float32)], seed=1.0,
                        dtype=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), expected=[certain.astype(dtype)], why=why)
    yield node_case("Bernoulli_15", "Bernoulli", [certain.astype(np.float32)], opset=15,
                    expected=[certain.astype(np.float32)], why=why)
    logits = np.full((3, 4), -np.inf, np.float32)
    for row, certain_class in enumerate((2, 0, 3)):
        logits[row, certain_class] = 700 * (row - 1)
    drawn = np.repeat(np.array([[2], [0], [3]]), 5, axis=1)
    for dtype in (np.float32, np.float64, np.float16):
        yield node_case(f"Multinomial_{np.dtype(dtype)}", "Multinomial", [logits.astype(dtype)], sample_size=5,
                        expected=[drawn.astype(np.int32)], why=why)
    yield node_case("Multinomial_int64", "Multinomial", [logits], sample_size=1, dtype=TensorProto.INT64, seed=1.0,
                    expected=[drawn[:, :1]], why=why)
    yield node_case("Multinomial_default", "Multinomial", [logits], opset=7,
                    expected=[drawn[:, :1].astype(np.int32)], why=why)


def lrn():
    def normalized(x, size, alpha=1e-4, beta=0.75, bias=1.0):
        squares = np.square(x.astype(np.float64))
        channels = x.shape[1]
        sums = np.zeros(x.shape)
        for c in range(channels):
            first, last = max(0, c - (size - 1) // 2), min(channels - 1, c + size // 2)
            sums[:, c] = squares[:, first:last + 1].sum(axis=1)
        return [(x / (bias + alpha / size * sums) ** beta).astype(x.dtype)]

    why = "the evaluator takes the batch for the channels and knows four axes only"
    for size in (1, 2, 3, 4, 5, 7, 12, 13, 100, 2**40):
        x = numbers(f"lrn{size}", 2, 7, 3, 2)
        yield node_case(f"lrn_{size}", "LRN", [x], size=size, alpha=0.7, expected=normalized(x, size, 0.7), why=why)
    for shape in ((3, 5), (3, 5, 2), (1, 1, 4, 4), (2, 4, 2, 2, 2), (0, 4, 2, 2), (2, 0, 2, 2)):
        x = numbers(f"lrn{shape}", *shape)
        yield node_case(f"lrn_rank_{'_'.join(map(str, shape))}", "LRN", [x], size=3, expected=normalized(x, 3), why=why)
    for dtype in (np.float64, np.float16, BF16):
        x = numbers(f"lrn{dtype}", 2, 6, 3, 3, dtype=dtype)
        yield node_case(f"lrn_{np.dtype(dtype)}", "LRN", [x], size=4, alpha=0.5, beta=1.5, bias=2.0,
                        expected=normalized(x, 4, 0.5, 1.5, 2.0), why=why)
    x = numbers("lrn_1", 2, 6, 3, 3)
    yield node_case("lrn_opset_7", "LRN", [x], size=3, opset=7, expected=normalized(x, 3), why=why)
    x = np.array([1e30, 1, np.nan, 2, 3, np.inf, 4, 5, 6, 7], np.float32).reshape(1, 10, 1, 1)
    yield node_case("lrn_extremes", "LRN", [x], size=3, alpha=1.0, expected=normalized(x, 3, 1.0), why=why)


def norm(values, p):
    return np.sum(np.abs(values.astype(np.float64)) ** p) ** (1 / p)


def pooled_norms(x, kernel, p=2, strides=None, pads=None, dilations=None, out=None):
    """Over two spatial axes; what is outside of x counts nothing."""
    strides, dilations, pads = strides or [1, 1], dilations or [1, 1], pads or [0, 0, 0, 0]
    out = out or [(x.shape[2 + i] + pads[i] + pads[i + 2] - (kernel[i] - 1) * dilations[i] - 1) // strides[i] + 1
                  for i in range(2)]
    y = np.zeros((*x.shape[:2], *out))
    for n, c, h, w in np.ndindex(y.shape):
        rows = [i for i in (h * strides[0] - pads[0] + k * dilations[0] for k in range(kernel[0]))
                if 0 <= i < x.shape[2]]
        columns = [i for i in (w * strides[1] - pads[1] + k * dilations[1] for k in range(kernel[1]))
                   if 0 <= i < x.shape[3]]
        y[n, c, h, w] = norm(x[n, c][np.ix_(rows, columns)], p)
    return y.astype(x.dtype)


def lp_pool():
    x = numbers("lp_pool", 2, 3, 7, 8)
    why = "the evaluator takes the mean over what is inside and multiplies it with the whole window"

    def case(name, x, out=None, p=2, auto_pad=None, true_pads=None, ceil_mode=None, opset=None, **attributes):
        given = dict(attributes)
        for key, value in (("auto_pad", auto_pad), ("ceil_mode", ceil_mode)):
            if value is not None:
                given[key] = value
        if p != 2:
            given["p"] = p
        true = dict(attributes)
        if true_pads:
            true["pads"] = true_pads
        kernel = true.pop("kernel_shape")
        return node_case(f"lp_pool_{name}", "LpPool", [x], opset=opset,
                         expected=[pooled_norms(x, kernel, p, out=out, **true)], why=why, **given)
    for p in (1, 2, 3, 7):
        yield case(f"p{p}", x, p=p, kernel_shape=[2, 3])
        yield case(f"p{p}_pads", x, p=p, kernel_shape=[3, 3], pads=[1, 2, 0, 1], strides=[2, 1])
    yield case("dilations", x, kernel_shape=[2, 3], dilations=[3, 2], pads=[1, 0, 1, 1])
    yield case("strides", x, kernel_shape=[2, 2], strides=[3, 4])
    yield case("ceil", x, kernel_shape=[2, 3], strides=[2, 3], ceil_mode=1, out=[4, 3])
    yield case("valid", x, kernel_shape=[2, 3], strides=[2, 2], auto_pad="VALID")
    yield case("same_upper", x, kernel_shape=[2, 3], auto_pad="SAME_UPPER", true_pads=[0, 1, 1, 1])
    yield case("same_lower", x, kernel_shape=[2, 3], auto_pad="SAME_LOWER", true_pads=[1, 1, 0, 1])
    yield case("same_upper_dilated", x, kernel_shape=[2, 2], dilations=[3, 1], auto_pad="SAME_UPPER",
               true_pads=[1, 0, 2, 1])
    yield case("double", x.astype(np.float64), kernel_shape=[2, 2])
    yield case("half", x.astype(np.float16), kernel_shape=[2, 2])
    yield case("bfloat16", x.astype(BF16), kernel_shape=[2, 2])
    yield case("opset_7", x, kernel_shape=[2, 2], p=3, opset=7)
    yield case("opset_11", x, kernel_shape=[2, 2], pads=[1, 0, 0, 0], opset=11)
    yield case("opset_18", x, kernel_shape=[2, 2], dilations=[2, 1], opset=18)
    yield node_case("lp_pool_1d", "LpPool", [x[:, :, 0]], kernel_shape=[3], p=1)
    yield node_case("lp_pool_3d", "LpPool", [numbers("lp_pool_3d", 1, 2, 4, 5, 3)], kernel_shape=[2, 2, 3])
    large = (x * 1e30).astype(np.float32)
    yield case("large", large, kernel_shape=[2, 2], p=5)


def global_lp_pool():
    why = "the evaluator has no GlobalLpPool"
    for shape in ((2, 3, 4), (2, 3, 4, 5), (1, 2, 2, 3, 2), (0, 3, 2, 2)):
        for p in (1, 2, 3):
            x = numbers(f"global{shape}", *shape)
            axes = tuple(range(2, len(shape)))
            expected = np.sum(np.abs(x.astype(np.float64)) ** p, axis=axes, keepdims=True) ** (1 / p)
            given = {} if p == 2 else dict(p=p)
            for dtype in (np.float32, np.float64, np.float16) if p == 2 else (np.float32,):
                yield node_case(f"global_lp_pool_{shape[0]}_{len(shape)}_{p}_{np.dtype(dtype)}", "GlobalLpPool", [x.astype(dtype)],
                                expected=[expected.astype(dtype)], why=why, **given)
    x = numbers("global_7", 2, 3, 4)
    yield node_case("global_lp_pool_opset_7", "GlobalLpPool", [x], opset=7, p=1,
                    expected=[np.abs(x).sum(axis=2, keepdims=True)], why=why)


def pooled_indices(x, kernel, strides, pads, dilations, order, out):
    rank = len(kernel)
    y, indices = np.zeros((*x.shape[:2], *out), x.dtype), np.zeros((*x.shape[:2], *out), I64)
    flat = np.arange(x.size).reshape(x.shape)
    if order == 1:
        plane = int(np.prod(x.shape[2:]))
        inside = np.arange(plane).reshape(x.shape[2:], order="F")
        flat = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], *[1] * rank) * plane + inside
    for place in np.ndindex(y.shape):
        best = None
        for tap in np.ndindex(*kernel):
            at = tuple(place[i + 2] * strides[i] - pads[i] + tap[i] * dilations[i] for i in range(rank))
            if any(a < 0 or a >= x.shape[i + 2] for i, a in enumerate(at)):
                continue
            if best is None or x[place[:2] + at] > x[best]:
                best = place[:2] + at
        y[place], indices[place] = x[best], flat[best]
    return [y, indices]


def max_pool_indices():
    why = "the evaluator takes other ways for other ranks, and ignores types"

    def case(name, x, kernel, out, strides=None, pads=None, dilations=None, order=None, given_pads=True, **attributes):
        rank = len(kernel)
        if strides:
            attributes["strides"] = strides
        if pads and given_pads:
            attributes["pads"] = pads
        if dilations:
            attributes["dilations"] = dilations
        if order is not None:
            attributes["storage_order"] = order
        expected = pooled_indices(x, kernel, strides or [1] * rank, pads or [0] * 2 * rank, dilations or [1] * rank,
                                  order, out)
        return node_case(f"max_pool_{name}", "MaxPool", [x], outputs=2, kernel_shape=kernel, expected=expected, why=why,
                         **attributes)
    x1, x2, x3 = (numbers(f"pool{rank}", *(2, 3, 5, 6, 4)[:rank + 2]) for rank in (1, 2, 3))
    for order in (None, 0, 1):
        yield case(f"1d_{order}", x1, [2], [4], order=order)
        yield case(f"2d_{order}", x2, [2, 3], [4, 4], order=order)
        yield case(f"3d_{order}", x3, [2, 2, 3], [4, 5, 2], order=order)
        yield case(f"pads_{order}", x2, [3, 3], [3, 6], strides=[2, 1], pads=[1, 0, 1, 2], order=order)
    yield case("dilations", x2, [2, 2], [3, 4], dilations=[2, 2])
    yield case("ceil", x2, [2, 2], [3, 3], strides=[2, 2], ceil_mode=1)
    yield case("same_upper", x2, [2, 2], [5, 6], pads=[0, 0, 1, 1], given_pads=False, auto_pad="SAME_UPPER")
    yield case("same_lower", x2, [2, 2], [5, 6], pads=[1, 1, 0, 0], given_pads=False, auto_pad="SAME_LOWER")
    ties = np.array([3, 3, 1, 3, 3, 3], np.float32).reshape(1, 1, 2, 3)
    yield case("ties", ties, [2, 2], [1, 2])
    yield case("lowest", np.full((1, 1, 4), -np.inf, np.float32), [2], [3])
    for dtype in (np.int8, np.uint8):
        x = random("pool8").integers(0, 127, (2, 2, 5, 5)).astype(dtype)
        yield case(f"{np.dtype(dtype)}", x, [2, 2], [4, 4])
        yield case(f"{np.dtype(dtype)}_lowest", np.full((1, 1, 3), np.iinfo(dtype).min, dtype), [2], [2])
    for dtype in (np.float64, np.float16, BF16):
        yield case(f"{np.dtype(dtype)}", x2.astype(dtype), [2, 2], [4, 5])
    yield case("opset_8", x2, [2, 2], [4, 5], order=1, opset=8)
    yield case("no_batch", np.zeros((0, 2, 4, 4), np.float32), [2, 2], [3, 3])
    yield pool_behind_convolution()
    yield node_case("max_pool_columns_without_indices", "MaxPool", [x2], kernel_shape=[2, 2], storage_order=1)


def pool_behind_convolution():
    """So that there is a layout to choose, in which indices would be others."""
    x, w = numbers("pool_conv_x", 1, 3, 9, 8), numbers("pool_conv_w", 5, 3, 3, 3)
    nodes = [helper.make_node("Conv", ["x0", "w"], ["c"]), helper.make_node("Relu", ["c"], ["r"]),
             helper.make_node("MaxPool", ["r"], ["y0", "y1"], kernel_shape=[2, 2], strides=[2, 2])]
    windows_of_x = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    activations = np.maximum(np.einsum("nchwij,kcij->nkhw", windows_of_x, w), 0).astype(np.float32)
    expected = pooled_indices(activations, [2, 2], [2, 2], [0] * 4, [1, 1], 0, [3, 3])
    infos = [helper.make_value_info("x0", type_of(x))]
    made = [helper.make_value_info(f"y{i}", type_of(value)) for i, value in enumerate(expected)]
    graph = helper.make_graph(nodes, "pool", infos, made, [numpy_helper.from_array(w, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", NEWEST[""])], ir_version=10)
    return Case("max_pool_behind_convolution", model, [x], expected, "of the same pooling as the cases above")


def max_unpool():
    x = numbers("unpool", 2, 2, 3, 2)
    places = random("unpool_places").permutation(2 * 2 * 6 * 4)[:x.size].reshape(x.shape).astype(I64)
    yield node_case("max_unpool", "MaxUnpool", [x, places], kernel_shape=[2, 2], strides=[2, 2])
    yield node_case("max_unpool_9", "MaxUnpool", [x, places], kernel_shape=[2, 2], strides=[2, 2], opset=9)
    some = places % (2 * 2 * 4 * 3)
    yield node_case("max_unpool_no_strides", "MaxUnpool", [x, some], kernel_shape=[2, 2])
    some = places % (2 * 2 * 4 * 2)
    yield node_case("max_unpool_pads", "MaxUnpool", [x, some], kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1])
    for dtype in (np.float64, np.float16):
        yield node_case(f"max_unpool_{np.dtype(dtype)}", "MaxUnpool", [x.astype(dtype), places], kernel_shape=[2, 2],
                        strides=[2, 2])
    yield node_case("max_unpool_1d", "MaxUnpool", [x[0, :, :, 0][None], np.arange(6).reshape(1, 2, 3) * 2],
                    kernel_shape=[3], strides=[2])
    yield node_case("max_unpool_nothing", "MaxUnpool", [np.zeros((0, 2, 3), np.float32), np.zeros((0, 2, 3), I64)],
                    kernel_shape=[3], strides=[2],
                    expected=[np.zeros((0, 2, 7), np.float32)], why="the evaluator reads what is not there")
    for shape in ((2, 2, 7, 5), (2, 2, 6, 4), (2, 2, 6, 5)):
        y = np.zeros(shape, np.float32)
        y.reshape(-1)[places.reshape(-1)] = x.reshape(-1)
        name = "_".join(map(str, shape))
        for constants in ((), (2,)):
            yield node_case(f"max_unpool_to_{name}{'_constant' if constants else ''}", "MaxUnpool",
                            [x, places, np.array(shape, I64)], constants=constants, kernel_shape=[2, 2], strides=[2, 2],
                            pads=[1, 0, 1, 0], expected=[y],
                            why="indices are places of the output, as ONNX Runtime has it: MaxPool makes them so")


def col2im():
    def case(name, image, block, channels=2, batch=2, dtype=np.float32, constants=(), **attributes):
        rank = len(image)
        strides = attributes.get("strides", [1] * rank)
        dilations = attributes.get("dilations", [1] * rank)
        pads = attributes.get("pads", [0] * 2 * rank)
        blocks = [(image[i] + pads[i] + pads[i + rank] - (block[i] - 1) * dilations[i] - 1) // strides[i] + 1
                  for i in range(rank)]
        shape = (batch, channels * int(np.prod(block)), int(np.prod(blocks)))
        if np.dtype(dtype).kind in "iu":
            x = random(name).integers(0, 100, shape).astype(dtype)
        elif np.dtype(dtype).kind == "c":
            x = (random(name).normal(size=shape) + 1j * random(name + "i").normal(size=shape)).astype(dtype)
        elif dtype == np.bool_:
            x = random(name).integers(0, 4, shape) == 0
        else:
            x = numbers(name, *shape, dtype=dtype)
        extra = {}
        if batch == 0 or channels == 0:
            extra = dict(expected=[np.zeros((batch, channels, *image), dtype)], why="the evaluator knows no empty ones")
        if dtype == np.float16:
            wide = node_case(name, "Col2Im", [x.astype(np.float32), np.array(image, I64), np.array(block, I64)])
            extra = dict(expected=[wide.expected()[0].astype(dtype)], why="the evaluator rounds each sum on the way")
        return node_case(f"col2im_{name}", "Col2Im", [x, np.array(image, I64), np.array(block, I64)],
                         constants=constants, **extra, **attributes)
    yield case("plain", [5, 6], [2, 3])
    yield case("constant", [5, 6], [2, 3], constants=(1, 2))
    yield case("constant_image", [5, 6], [2, 3], constants=(1,))
    yield case("strides", [7, 6], [2, 3], strides=[2, 3])
    yield case("dilations", [7, 8], [2, 3], dilations=[3, 2])
    yield case("pads", [4, 5], [2, 3], pads=[1, 0, 2, 3])
    yield case("all", [7, 9], [2, 3], strides=[2, 3], dilations=[2, 1], pads=[1, 2, 0, 1])
    yield case("1d", [9], [3], strides=[2])
    yield case("3d", [4, 5, 3], [2, 2, 2], strides=[1, 2, 1], pads=[0, 1, 0, 0, 0, 1])
    yield case("whole", [3, 3], [3, 3])
    yield case("points", [3, 3], [1, 1], channels=1)
    yield case("no_batch", [3, 3], [2, 2], batch=0)
    yield case("no_channels", [3, 3], [2, 2], channels=0)
    for dtype in (np.float16, np.float64, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64,
                  np.uint64, np.bool_, np.complex64, np.complex128):
        yield case(str(np.dtype(dtype)), [4, 5], [2, 3], dtype=dtype)
