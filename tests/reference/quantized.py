"""Linear quantization, and products and convolutions of quantized tensors."""
import ml_dtypes
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from reference.case import node_case, random

BF16 = ml_dtypes.bfloat16
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, ml_dtypes.int4, ml_dtypes.uint4,
            ml_dtypes.int2, ml_dtypes.uint2]
FLOAT8 = [ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2,
          ml_dtypes.float8_e5m2fnuz]
SMALL_FLOATS = [ml_dtypes.float4_e2m1fn, ml_dtypes.float6_e2m3fn, ml_dtypes.float6_e3m2fn]
E8M0 = ml_dtypes.float8_e8m0fnu


def number(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def some_bits(name, dtype, *shape):
    """Values of all sorts that a type of few bits has, but for infinities and NaN."""
    rng = random(name)
    values = rng.uniform(-8, 8, shape).astype(np.float32).astype(dtype)
    if np.dtype(dtype) in [np.dtype(t) for t in INTEGERS + [np.int32]]:
        info = ml_dtypes.iinfo(dtype)
        low, high = max(int(info.min), -1000), min(int(info.max), 1000)
        values = rng.integers(low, high, shape, endpoint=True).astype(np.int32).astype(dtype)
    return values


def quantize_cases():
    op = "QuantizeLinear"

    def x_of(name, *shape, dtype=np.float32, reach=300):
        return random(name).uniform(-reach, reach, shape).astype(dtype)

    for dtype in INTEGERS + FLOAT8 + SMALL_FLOATS:
        kind = np.dtype(dtype).name
        name = f"quantize_{kind}"
        zero = np.zeros((), dtype)
        yield node_case(name, op, [x_of(name, 3, 4), np.float32(1.5), zero])
        name = f"quantize_output_dtype_{kind}"
        yield node_case(name, op, [x_of(name, 3, 4, reach=3), np.float32(0.7)],
                        output_dtype=number(dtype))
    for dtype in INTEGERS:
        kind = np.dtype(dtype).name
        name = f"quantize_axis_{kind}"
        zeros = some_bits(name, dtype, 4)
        yield node_case(name, op, [x_of(name, 3, 4, 2), np.float32([1.5, 20, 0.3, 7]), zeros])
    for dtype in FLOAT8:
        kind = np.dtype(dtype).name
        name = f"quantize_no_saturation_{kind}"
        beyond = np.float32([0, 1e-9, 1, 500, -1e6, np.inf, -np.inf, np.nan])
        yield node_case(name, op, [beyond, np.float32(1), np.zeros((), dtype)], saturate=0)
        yield node_case(f"quantize_saturation_{kind}", op,
                        [beyond, np.float32(1), np.zeros((), dtype)])
    ties = np.float32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1e30, -1e30, np.inf, -np.inf])
    low, high = np.int8(-128), np.int8(127)
    yield node_case("quantize_ties_and_limits", op, [ties, np.float32(1), np.int8(1)],
                    expected=[np.int8([-1, -1, 1, 1, 3, 3, high, low, high, low])],
                    why="what is too large for int32 does not saturate in the evaluator of onnx")
    yield node_case("quantize_nothing_stated", op, [ties[:6], np.float32(0.5)])
    for axis in (0, 1, 2, -1, -3):
        name = f"quantize_axis_{axis}"
        extent = (2, 3, 4)[axis]
        scale = random(name + "scale").uniform(0.5, 3, extent).astype(np.float32)
        zeros = some_bits(name, np.uint8, extent)
        yield node_case(name, op, [x_of(name, 2, 3, 4), scale, zeros], axis=axis)
    for axis, block, scales in ((0, 2, (2, 5)), (1, 2, (3, 3)), (-1, 5, (3, 1)), (1, 4, (3, 2))):
        for dtype in (np.uint8, ml_dtypes.int4, np.int16):
            name = f"quantize_blocks_{axis}_{block}_{np.dtype(dtype).name}"
            scale = random(name + "scale").uniform(0.5, 3, scales).astype(np.float32)
            zeros = some_bits(name, dtype, *scales)
            yield node_case(name, op, [x_of(name, 3, 5, reach=20), scale, zeros], axis=axis,
                            block_size=block)
    name = "quantize_blocks_of_rank_3"
    scale = random(name).uniform(0.5, 3, (2, 2, 2)).astype(np.float32)
    yield node_case(name, op, [x_of(name, 2, 5, 2), scale], axis=1, block_size=3,
                    output_dtype=TensorProto.INT8)
    for dtype in (np.float16, BF16):
        kind = np.dtype(dtype).name
        # Powers of two: quotients are the same in all types.
        name = f"quantize_{kind}_input"
        yield node_case(name, op, [x_of(name, 40, dtype=dtype), dtype(2), np.uint8(120)])
        name = f"quantize_{kind}_to_float8"
        yield node_case(name, op, [x_of(name, 40, dtype=dtype), dtype(2),
                                   ml_dtypes.float8_e5m2(0)])
        name = f"quantize_precision_{kind}"
        yield node_case(name, op, [x_of(name, 40), np.float32(1.7), np.uint8(120)],
                        precision=number(dtype))
        yield node_case(f"{name}_constant", op,
                        [x_of(name, 40), np.float32(1.7), np.uint8(120)], constants=(1, 2),
                        precision=number(dtype))
    name = "quantize_precision_float32"
    yield node_case(name, op, [x_of(name, 40, dtype=np.float16), np.float16(1.7), np.int8(3)],
                    precision=TensorProto.FLOAT)
    # The scale's type is that of the division.
    x, scale = x_of("quantize_scale_of_float16", 40), np.float16(1.7)
    wanted = np.clip(np.rint(x.astype(np.float16) / scale), -128, 127).astype(np.int8)
    yield node_case("quantize_scale_of_float16", op, [x, scale, np.int8(0)], expected=[wanted],
                    why="NumPy divides float32 by float16 in float32")
    for x_type in (np.float32, np.float16):
        name = f"quantize_scale_of_float8e8m0_{np.dtype(x_type).name}"
        x, scale = x_of(name, 3, 4, dtype=x_type), np.array([0.5, 4, 16, 2], E8M0)
        wanted = np.clip(np.rint(x.astype(np.float32) / scale.astype(np.float32)), -128, 127)
        yield node_case(name, op, [x, scale, np.zeros(4, np.int8)],
                        expected=[wanted.astype(np.int8)],
                        why="NumPy does not divide by powers of two of 8 bits")
    name = "quantize_int32"
    yield node_case(name, op, [some_bits(name, np.int32, 5, 3), np.float32(2.5), np.int8(7)])
    name = "quantize_int32_by_int32"
    yield node_case(name, op, [some_bits(name, np.int32, 5, 3), np.int32(6), np.int8(7)])
    yield node_case("quantize_scalar", op, [np.float32(3), np.float32(2), np.uint8(9)])
    yield node_case("quantize_nothing", op,
                    [np.zeros((0, 3), np.float32), np.float32([1, 2, 3]), np.zeros(3, np.int8)])
    yield node_case("quantize_scale_vector_of_one", op,
                    [x_of("one", 4), np.float32([2]), np.uint8([9])])
    for opset, parameters in ((10, 1), (13, 3), (19, 3), (21, 3), (23, 3), (25, 3)):
        name = f"quantize_opset_{opset}"
        shape = () if parameters == 1 else (3,)
        yield node_case(name, op,
                        [x_of(name, 2, 3), np.full(shape, 1.5, np.float32),
                         np.full(shape, 100, np.uint8)], opset=opset)
    name = "quantize_float8_opset_19"
    yield node_case(name, op, [x_of(name, 2, 3), np.float32(0.5), ml_dtypes.float8_e4m3fn(0)],
                    opset=19)


def dequantize_cases():
    op = "DequantizeLinear"
    for dtype in INTEGERS + FLOAT8 + SMALL_FLOATS + [np.int32]:
        kind = np.dtype(dtype).name
        for scale in (np.float32(0.7), np.float16(0.7), BF16(0.7)):
            name = f"dequantize_{kind}_{scale.dtype.name}"
            yield node_case(name, op, [some_bits(name, dtype, 3, 4), scale])
        if dtype in INTEGERS:
            name = f"dequantize_axis_{kind}"
            yield node_case(name, op, [some_bits(name, dtype, 3, 4, 2),
                                       np.float32([1.5, 20, 0.3, 7]),
                                       some_bits(name + "zero", dtype, 4)])
        elif dtype != np.int32:
            name = f"dequantize_zero_{kind}"
            yield node_case(name, op, [some_bits(name, dtype, 3, 4), np.float32(0.3),
                                       np.zeros((), dtype)])
    name = "dequantize_extremes_of_int32"
    yield node_case(name, op, [np.array([-2**31, 2**31 - 1, 0, 7], np.int32), np.float32(1e-3)])
    for axis in (0, 1, 2, -1, -3):
        name = f"dequantize_axis_{axis}"
        extent = (2, 3, 4)[axis]
        scale = random(name + "scale").uniform(0.5, 3, extent).astype(np.float32)
        yield node_case(name, op, [some_bits(name, np.uint8, 2, 3, 4), scale,
                                   some_bits(name + "zero", np.uint8, extent)], axis=axis)
    for axis, block, scales in ((0, 2, (2, 5)), (1, 2, (3, 3)), (-1, 5, (3, 1)), (1, 4, (3, 2))):
        for dtype in (np.uint8, ml_dtypes.int4, ml_dtypes.uint2, ml_dtypes.float4_e2m1fn):
            name = f"dequantize_blocks_{axis}_{block}_{np.dtype(dtype).name}"
            scale = random(name + "scale").uniform(0.5, 3, scales).astype(np.float32)
            zeros = some_bits(name + "zero", dtype, *scales)
            if dtype is ml_dtypes.float4_e2m1fn:
                zeros = zeros * dtype(0)
            yield node_case(name, op, [some_bits(name, dtype, 3, 5), scale, zeros], axis=axis,
                            block_size=block)
    for output in (np.float32, np.float16, BF16):
        kind = np.dtype(output).name
        name = f"dequantize_output_dtype_{kind}"
        yield node_case(name, op, [some_bits(name, np.int8, 9), np.float32(0.3), np.int8(4)],
                        output_dtype=number(output))
        name = f"dequantize_float8e8m0_{kind}"
        x, scale = some_bits(name, ml_dtypes.float4_e2m1fn, 2, 6), np.array([[1, 2], [0.5, 8]], E8M0)
        wanted = x.astype(np.float32) * np.repeat(scale.astype(np.float32), 3, 1)
        yield node_case(name, op, [x, scale], axis=1, block_size=3, output_dtype=number(output),
                        expected=[wanted.astype(output)],
                        why="NumPy does not multiply with powers of two of 8 bits")
    # Zero points of floating point types count, too.
    x, zero = np.array([1, -2, 6, 0.5], ml_dtypes.float4_e2m1fn), ml_dtypes.float4_e2m1fn(1)
    yield node_case("dequantize_zero_point_of_float4", op, [x, np.float32(2), zero],
                    expected=[np.float32([0, -6, 10, -1])],
                    why="the evaluator of onnx leaves zero points of floating point types out")
    yield node_case("dequantize_scalar", op, [np.int8(3), np.float32(2), np.int8(9)])
    yield node_case("dequantize_nothing", op,
                    [np.zeros((3, 0), np.int8), np.float32([1, 2, 3])], axis=0)
    for opset, parameters in ((10, 1), (13, 3), (19, 3), (21, 3), (23, 3), (25, 3)):
        name = f"dequantize_opset_{opset}"
        shape = () if parameters == 1 else (3,)
        x = some_bits(name, np.uint8, 2, 3)
        yield node_case(name, op,
                        [x, np.full(shape, 1.5, np.float32), np.full(shape, 100, np.uint8)],
                        opset=opset, expected=[(x.astype(np.float32) - 100) * np.float32(1.5)],
                        why="the evaluator of onnx lacks the first versions")


def dynamic_quantize_cases():
    op = "DynamicQuantizeLinear"
    for name, x in (("both", [0, 2, -3, -2.5, 1.34, 0.5]), ("positive", [1, 2.1, 1.3, 2.5, 3.34]),
                    ("negative", [-1, -2.1, -1.3]), ("matrix", [[1, 2], [3, -4]])):
        yield node_case(f"dynamic_quantize_{name}", op, [np.float32(x)], 3)
    for name, x in (("zeros", [0, 0]), ("nothing", [])):
        yield node_case(f"dynamic_quantize_{name}", op, [np.float32(x)], 3,
                        expected=[np.zeros(len(x), np.uint8), np.float32(1), np.uint8(0)],
                        why="the scale of an empty range is 1, as in ONNX Runtime")
    name = "dynamic_quantize_random"
    yield node_case(name, op, [random(name).normal(0, 4, (5, 7, 2)).astype(np.float32)], 3)


def integer_product_cases():
    def bytes_of(name, dtype, *shape):
        info = np.iinfo(dtype)
        return random(name).integers(info.min, info.max, shape, dtype, endpoint=True)

    op = "MatMulInteger"
    shapes = [((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)),
              ((2, 1, 3, 4), (5, 4, 2)), ((0, 4), (4, 2)), ((3, 0), (0, 2)), ((5, 3, 4), (4, 2))]
    for a_shape, b_shape in shapes:
        for a_type, b_type in ((np.uint8, np.int8), (np.int8, np.uint8), (np.uint8, np.uint8)):
            name = "_".join(["mat_mul_integer", *map(str, a_shape), "by", *map(str, b_shape),
                             np.dtype(a_type).name, np.dtype(b_type).name])
            a, b = bytes_of(name, a_type, *a_shape), bytes_of(name + "b", b_type, *b_shape)
            yield node_case(name, op, [a, b, a_type(7), b_type(3)])
    a, b = bytes_of("a", np.uint8, 3, 4), bytes_of("b", np.int8, 4, 2)
    yield node_case("mat_mul_integer_no_zero_points", op, [a, b])
    yield node_case("mat_mul_integer_of_b_alone", op, [a, b, None, np.int8([5])])
    yield node_case("mat_mul_integer_constants", op, [a, b, np.uint8(4), np.int8(5)],
                    constants=(1, 2, 3))
    rows, columns = np.uint8([1, 200, 30]), np.int8([-100, 9])
    product = (a.astype(np.int32) - rows[:, None]) @ (b.astype(np.int32) - columns)
    why = "NumPy takes a vector of rows for one of columns"
    yield node_case("mat_mul_integer_by_row_and_column", op, [a, b, rows, columns],
                    expected=[product], why=why)
    yield node_case("mat_mul_integer_by_row_of_matrix", op, [a, b, rows[:, None], columns[None]])
    a, b = bytes_of("a3", np.int8, 2, 3, 4), bytes_of("b3", np.uint8, 2, 4, 5)
    yield node_case("mat_mul_integer_by_row_of_batches", op,
                    [a, b, bytes_of("rows", np.int8, 2, 3, 1), bytes_of("columns", np.uint8, 2, 1, 5)])

    op = "QLinearMatMul"
    kinds = (np.float32, np.float16, BF16)
    for a_shape, b_shape in shapes[:-1] + [((2, 3, 4), (2, 4, 5))]:
        for kind in kinds:
            name = "_".join(["qlinear_mat_mul", *map(str, a_shape), "by", *map(str, b_shape),
                             np.dtype(kind).name])
            a, b = bytes_of(name, np.uint8, *a_shape), bytes_of(name + "b", np.int8, *b_shape)
            # Powers of two: multipliers are exact in all types.
            yield node_case(name, op, [a, kind(0.25), np.uint8(99), b, kind(0.5), np.int8(-3),
                                       kind(64), np.uint8(118)])

    def product_of(a, a_scale, a_zero, b, b_scale, b_zero):
        left = (a.astype(np.float64) - a_zero) * a_scale
        return left @ ((b.astype(np.float64) - b_zero) * b_scale)

    a, b = bytes_of("qa", np.int8, 2, 3, 4), bytes_of("qb", np.uint8, 2, 4, 5)
    rng = random("scales")
    a_scale = rng.uniform(0.5, 2, (2, 3, 1)).astype(np.float32)
    b_scale = rng.uniform(0.5, 2, (2, 1, 5)).astype(np.float32)
    a_zero, b_zero = bytes_of("za", np.int8, 2, 3, 1), bytes_of("zb", np.uint8, 2, 1, 5)
    wanted = np.rint(product_of(a, a_scale, a_zero, b, b_scale, b_zero) / 300) + 5
    yield node_case("qlinear_mat_mul_by_row_and_column_of_batches", op,
                    [a, a_scale, a_zero, b, b_scale, b_zero, np.float32(300), np.int8(5)],
                    expected=[np.clip(wanted, -128, 127).astype(np.int8)],
                    why="the evaluator of onnx broadcasts scales of operands to the result")
    a, b = a[0], b[0]
    a_scale, a_zero = a_scale[0, :, 0], a_zero[0, :, 0]
    b_scale, b_zero = b_scale[0, 0], b_zero[0, 0]
    wanted = np.rint(product_of(a, a_scale[:, None], a_zero[:, None], b, b_scale, b_zero) / 300)
    for constants in ((), (3, 4, 5, 6, 7)):
        yield node_case("qlinear_mat_mul_by_row_and_column" + "_constant" * bool(constants), op,
                        [a, a_scale, a_zero, b, b_scale, b_zero, np.float32(300), np.uint8(5)],
                        constants=constants,
                        expected=[np.clip(wanted + 5, 0, 255).astype(np.uint8)],
                        why="NumPy takes a vector of rows for one of columns")
    wanted = np.rint(product_of(a, 0.5, 3, b, b_scale[None], b_zero[None]) / 300)
    yield node_case("qlinear_mat_mul_by_column_of_matrix_constant", op,
                    [a, np.float32(0.5), np.int8(3), b, b_scale[None], b_zero[None],
                     np.float32(300), np.uint8(5)], constants=(1, 2, 3, 4, 5, 6, 7),
                    expected=[np.clip(wanted + 5, 0, 255).astype(np.uint8)],
                    why="the evaluator of onnx rounds behind the zero point")
    for dtype in FLOAT8:
        name = f"qlinear_mat_mul_{np.dtype(dtype).name}"
        a, b = some_bits(name, dtype, 3, 4), some_bits(name + "b", dtype, 4, 2)
        one = np.zeros((), dtype)
        wanted = (a.astype(np.float32) @ b.astype(np.float32)) * np.float32(0.5 * 0.25 / 2)
        yield node_case(name, op, [a, np.float32(0.5), one, b, np.float32(0.25), one,
                                   np.float32(2), one],
                        expected=[numpy_helper.saturate_cast(wanted, dtype=np.dtype(dtype))],
                        why="the evaluator of onnx multiplies integers alone")
    name = "qlinear_mat_mul_of_float8_to_int8"
    wanted = np.rint((a.astype(np.float32) @ b.astype(np.float32)) * np.float32(0.5)) + 3
    yield node_case(name, op, [a, np.float32(0.5), a.dtype.type(0), b, np.float32(2), b.dtype.type(0),
                               np.float32(2), np.int8(3)],
                    expected=[np.clip(wanted, -128, 127).astype(np.int8)],
                    why="the evaluator of onnx multiplies integers alone")
    name = "qlinear_mat_mul_opset_10"
    a, b = bytes_of(name, np.uint8, 3, 4), bytes_of(name + "b", np.uint8, 4, 2)
    yield node_case(name, op, [a, np.float32(0.25), np.uint8(99), b, np.float32(0.5), np.uint8(3),
                               np.float32(64), np.uint8(118)], opset=10)


def integer_convolution_cases():
    def bytes_of(name, dtype, *shape):
        info = np.iinfo(dtype)
        return random(name).integers(info.min, info.max, shape, dtype, endpoint=True)

    variants = [("plain", (2, 4, 6, 5), (3, 4, 3, 2), {}),
                ("pads", (1, 2, 5, 5), (4, 2, 3, 3), {"pads": [1, 2, 0, 1]}),
                ("strides", (1, 2, 7, 6), (2, 2, 3, 3), {"strides": [2, 3]}),
                ("dilations", (1, 2, 7, 8), (2, 2, 3, 2), {"dilations": [2, 3]}),
                ("groups", (1, 4, 5, 5), (6, 2, 3, 3), {"group": 2}),
                ("depthwise", (1, 4, 5, 5), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),
                ("same_upper", (1, 2, 5, 6), (2, 2, 2, 4), {"auto_pad": "SAME_UPPER"}),
                ("valid", (1, 2, 5, 6), (2, 2, 2, 3), {"auto_pad": "VALID"}),
                ("kernel_shape", (1, 2, 5, 6), (2, 2, 2, 3), {"kernel_shape": [2, 3]}),
                ("no_batch", (0, 2, 5, 6), (2, 2, 2, 3), {})]
    for variant, x_shape, w_shape, options in variants:
        for x_type, w_type in ((np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)):
            name = f"conv_integer_{variant}_{np.dtype(x_type).name}_{np.dtype(w_type).name}"
            x, w = bytes_of(name, x_type, *x_shape), bytes_of(name + "w", w_type, *w_shape)
            yield node_case(name, "ConvInteger", [x, w, x_type(5), w_type(9)], **options)
            yield node_case(f"q{name}", "QLinearConv",
                            [x, np.float32(0.25), x_type(5), w, np.float32(0.5), w_type(9),
                             np.float32(128), x_type(100)], **options)
    x, w = bytes_of("cx", np.uint8, 1, 2, 5, 5), bytes_of("cw", np.int8, 3, 2, 3, 3)
    yield node_case("conv_integer_no_zero_points", "ConvInteger", [x, w])
    yield node_case("conv_integer_of_weights_alone", "ConvInteger", [x, w, None, np.int8(4)])
    zeros = np.int8([1, -50, 99])
    yield node_case("conv_integer_by_channel", "ConvInteger", [x, w, np.uint8([7]), zeros])
    bias = np.int32([1000, -70000, 3])
    scales = np.float32([0.5, 0.25, 1])
    for constants in ((), (1, 2, 3, 4, 5, 6, 7, 8)):
        yield node_case("qlinear_conv_by_channel" + "_constant" * bool(constants), "QLinearConv",
                        [x, np.float32(0.5), np.uint8(7), w, scales, zeros, np.float32(256),
                         np.uint8(100), bias], constants=constants)

    def convolve(x, w, zero, zeros):
        """Of one batch and channel, with any number of spatial axes."""
        windows = np.lib.stride_tricks.sliding_window_view(x[0].astype(np.int32) - zero,
                                                           w.shape[2:], tuple(range(1, x.ndim - 1)))
        rows = windows.reshape(*windows.shape[:x.ndim - 1], -1)
        return np.stack([np.einsum("c...k,ck->...", rows,
                                   kernel.reshape(kernel.shape[0], -1).astype(np.int32) - z)
                         for kernel, z in zip(w, zeros)])[None]

    for rank, x_shape, w_shape in ((1, (1, 2, 9), (3, 2, 4)), (3, (1, 2, 4, 3, 5), (3, 2, 2, 2, 3))):
        x, w = bytes_of(f"{rank}", np.uint8, *x_shape), bytes_of(f"w{rank}", np.int8, *w_shape)
        sums = convolve(x, w, 7, zeros.astype(np.int32))
        why = "the evaluator of onnx knows zero points by channel of images alone"
        yield node_case(f"conv_integer_{rank}d", "ConvInteger", [x, w, np.uint8(7), zeros],
                        expected=[sums.astype(np.int32)], why=why)
        wanted = np.clip(np.rint(sums * 0.25 / 64) + 100, 0, 255).astype(np.uint8)
        yield node_case(f"qlinear_conv_{rank}d", "QLinearConv",
                        [x, np.float32(0.25), np.uint8(7), w, np.ones(3, np.float32), zeros,
                         np.float32(64), np.uint8(100)], expected=[wanted], why=why)


def cases():
    yield from quantize_cases()
    yield from dequantize_cases()
    yield from dynamic_quantize_cases()
    yield from integer_product_cases()
    yield from integer_convolution_cases()
