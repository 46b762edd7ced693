"""Functions of one number, bits, conversions, sums of products and what else is arithmetic."""
import ml_dtypes
import numpy as np
from onnx import IR_VERSION, TensorProto, helper, numpy_helper

from reference.case import NEWEST, Case, node_case, random

np.seterr(all="ignore")  # what is beyond a type, these cases are about

BFLOAT16 = ml_dtypes.bfloat16
FLOATS = (np.float16, BFLOAT16, np.float32, np.float64)
SIGNED = (np.int8, np.int16, np.int32, np.int64)
UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
INTEGERS = SIGNED + UNSIGNED
MINI_FLOATS = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
               "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn")
SMALL_INTEGERS = ("int4", "uint4", "int2", "uint2")


def name_of(dtype):
    return np.dtype(dtype).name


def floats(name, *shape, dtype=np.float32, scale=1.0):
    return (random(name).standard_normal(shape) * scale).astype(dtype)


def integers(name, *shape, dtype=np.int32, low=-100, high=100):
    info = np.iinfo(dtype)
    return random(name).integers(max(low, info.min), min(high, info.max), shape).astype(dtype)


def whole_range(name, *shape, dtype):
    info = np.iinfo(dtype)
    return random(name).integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


def words(*values):
    return np.array(values, dtype=object)


def unary():
    inside = {"Acos", "Asin", "Atanh"}
    for op in ("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cosh", "Sinh", "Tan"):
        for dtype in FLOATS:
            x = random(op).uniform(-0.9, 0.9, (3, 4)) * (1 if op in inside else 3)
            if op == "Acosh":
                x = 1 + np.abs(x)
            # bfloat16 is computed in float32 and rounded once.
            x = x.astype(dtype)
            wide = getattr(np, {"Acos": "arccos", "Acosh": "arccosh", "Asin": "arcsin",
                                "Asinh": "arcsinh", "Atan": "arctan", "Atanh": "arctanh"}
                           .get(op, op.lower()))(x.astype(np.float64)).astype(dtype)
            yield node_case(f"{op.lower()}_{name_of(dtype)}", op, [x], expected=[wide],
                            why="numpy's own 16-bit functions round more than once")
        yield node_case(f"{op.lower()}_scalar", op, [np.float32(1.0 if op == "Acosh" else 0.25)])
        yield node_case(f"{op.lower()}_empty", op, [np.zeros((0, 2), np.float32)])
    for op in ("Acos", "Asin", "Atanh", "Tan"):
        yield node_case(f"{op.lower()}_opset7", op, [floats(op, 4, scale=0.2)],
                        opset=9 if op == "Atanh" else 7)
    yield node_case("acos_out_of_range", "Acos", [np.array([2, -2, np.nan, 1], np.float32)])
    yield node_case("atanh_at_the_ends", "Atanh", [np.array([1, -1, 0], np.float32)])


def activations():
    plain = {"Celu": {}, "Mish": {}, "Swish": {}, "ThresholdedRelu": {}}
    for op, attributes in plain.items():
        for dtype in (np.float16, np.float32, np.float64):
            yield node_case(f"{op.lower()}_{name_of(dtype)}", op,
                            [floats(op, 2, 3, 4, dtype=dtype, scale=3)], **attributes)
        yield node_case(f"{op.lower()}_large", op,
                        [np.array([-1000, -50, 50, 1000, 0, -0.0], np.float32)])
        yield node_case(f"{op.lower()}_empty", op, [np.zeros((3, 0), np.float32)])
    for alpha in (0.25, 2.0, -0.5):
        for op in ("Celu", "Swish", "ThresholdedRelu"):
            yield node_case(f"{op.lower()}_alpha_{alpha}", op, [floats(op, 5, 3, scale=2)], alpha=alpha)
    yield node_case("celu_opset12", "Celu", [floats("celu", 7)], opset=12, alpha=0.5)
    yield node_case("mish_opset18", "Mish", [floats("mish", 7)], opset=18)
    yield node_case("thresholdedrelu_opset10", "ThresholdedRelu", [floats("thresholded", 7)], opset=10)
    yield node_case("thresholdedrelu_at_alpha", "ThresholdedRelu",
                    [np.array([2, 2.0001, np.nan, np.inf, -np.inf], np.float32)], alpha=2.0)
    for dtype in (np.float16, np.float32, np.float64):
        yield node_case(f"swiglu_{name_of(dtype)}", "SwiGLU",
                        [floats("gate", 2, 5, dtype=dtype), floats("value", 2, 5, dtype=dtype)])
    yield node_case("swiglu_alpha", "SwiGLU", [floats("gate", 3, 1, 2), floats("value", 3, 1, 2)],
                    alpha=1.702)
    yield node_case("swiglu_scalar", "SwiGLU", [np.float32(1.5), np.float32(-2)])
    for dtype in (np.float16, np.float32, np.float64) + INTEGERS:
        x = (floats("shrink", 4, 5, dtype=dtype, scale=3) if dtype in FLOATS
             else integers("shrink", 4, 5, dtype=dtype, low=-9, high=9))
        yield node_case(f"shrink_{name_of(dtype)}", "Shrink", [x], lambd=1.5, bias=2.0)
    yield node_case("shrink_default", "Shrink", [floats("shrink", 9)])
    yield node_case("shrink_fraction", "Shrink", [integers("shrink", 9, low=-5, high=5)], lambd=1.5,
                    bias=1.5)
    yield node_case("shrink_negative_threshold", "Shrink", [floats("shrink", 9)], lambd=-0.5, bias=0.25)
    big = np.array([2**53 + 1, -2**53 - 1, 2**62 + 1], np.int64)
    yield node_case("shrink_large_integers", "Shrink", [big], lambd=1.0, bias=1.0,
                    expected=[big - np.sign(big)], why="numpy's sum of an int64 and a float is a double")


def bits():
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        for dtype in INTEGERS:
            a = whole_range(op, 3, 4, dtype=dtype)
            yield node_case(f"{op.lower()}_{name_of(dtype)}", op, [a, a[::-1].copy()])
        yield node_case(f"{op.lower()}_broadcast", op,
                        [whole_range(op, 2, 1, 4, dtype=np.int32), whole_range(op, 3, 1, dtype=np.int32)])
        yield node_case(f"{op.lower()}_empty", op, [np.zeros((0, 3), np.int8), np.zeros(3, np.int8)])
    for dtype in INTEGERS:
        yield node_case(f"bitwisenot_{name_of(dtype)}", "BitwiseNot", [whole_range("not", 3, 4, dtype=dtype)])
        for direction in ("LEFT", "RIGHT"):
            width = np.iinfo(dtype).bits
            counts = np.array([0, 1, width - 1, width, width + 1, 2], dtype)
            yield node_case(f"bitshift_{direction.lower()}_{name_of(dtype)}", "BitShift",
                            [whole_range("shift", 4, 6, dtype=dtype), counts], direction=direction)
    for direction in ("LEFT", "RIGHT"):
        yield node_case(f"bitshift_{direction.lower()}_negative", "BitShift",
                        [np.array([-5, 5, -1], np.int8), np.array([-1, -128, 127], np.int8)],
                        direction=direction)
        yield node_case(f"bitshift_{direction.lower()}_opset11", "BitShift",
                        [np.array([1, 250], np.uint8), np.array([[1], [2]], np.uint8)],
                        direction=direction, opset=11)


def bit_casts():
    pairs = [(np.float32, "INT32"), (np.int32, "FLOAT"), (np.float16, "BFLOAT16"), (np.float16, "INT16"),
             (np.uint16, "FLOAT16"), (BFLOAT16, "UINT16"), (np.float64, "INT64"), (np.int64, "COMPLEX64"),
             (np.complex64, "DOUBLE"), (np.int8, "UINT8"), (np.uint8, "FLOAT8E5M2"), (np.bool_, "INT8"),
             (ml_dtypes.float8_e4m3fn, "UINT8"), (np.uint32, "UINT32")]
    for dtype, to in pairs:
        x = np.frombuffer(random(to).bytes(12 * np.dtype(dtype).itemsize), np.uint8)
        x = (x & 1 if dtype == np.bool_ else x).view(dtype).reshape(3, 4)
        target = helper.tensor_dtype_to_np_dtype(getattr(TensorProto, to))
        if np.issubdtype(np.dtype(dtype), np.floating) or dtype in (BFLOAT16, ml_dtypes.float8_e4m3fn):
            x = np.arange(12).astype(dtype).reshape(3, 4)  # without NaN, of which there are many
        if target.kind in "fcV":
            x = (np.arange(12) + 1).astype(target).view(dtype).reshape(3, 4)
        yield node_case(f"bitcast_{name_of(dtype)}_{to.lower()}", "BitCast", [x], to=getattr(TensorProto, to))
    x = np.arange(-8, 8).astype(ml_dtypes.int4)
    yield node_case("bitcast_int4_uint4", "BitCast", [x], to=TensorProto.UINT4)
    yield node_case("bitcast_int4_float4", "BitCast", [np.array([0, 1, 2, 7], ml_dtypes.int4)],
                    to=TensorProto.FLOAT4E2M1)
    yield node_case("bitcast_uint2_int2", "BitCast", [np.array([0, 1, 2, 3, 1], ml_dtypes.uint2)],
                    to=TensorProto.INT2)
    yield node_case("bitcast_scalar", "BitCast", [np.float32(1)], to=TensorProto.UINT32)


def number_of(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def casts():
    whole = np.array([[0, 1, 2], [3, 1, 0]])
    plain = list(FLOATS) + list(INTEGERS) + [np.bool_]
    small = [np.dtype(getattr(ml_dtypes, name)) for name in MINI_FLOATS + SMALL_INTEGERS]
    everything = [np.dtype(dtype) for dtype in plain] + small
    for source in everything:
        for target in everything:
            # What every type has, so that all agree: a power of two has no 0, 2 bits no 2 with a sign.
            values = np.minimum(whole, 1) if source == np.bool_ else whole
            if ml_dtypes.int2 in (source, target):
                values = np.minimum(values, 1)
            if ml_dtypes.float8_e8m0fnu in (source, target):
                values = np.maximum(np.minimum(values, 1 if ml_dtypes.int2 in (source, target) else 2), 1)
            x = values.astype(source)
            wanted = x.astype(np.float64)
            wanted = wanted != 0 if target == np.bool_ else wanted
            yield node_case(f"cast_{source.name}_{target.name}", "Cast", [x], to=number_of(target),
                            expected=[wanted.astype(target)], why="all types have these numbers")
    for target in everything:
        text = "1" if target == ml_dtypes.int2 else "2"
        value = np.array([1, int(text)]).astype(np.float64)
        wanted = (value != 0) if target == np.bool_ else value
        yield node_case(f"cast_text_{target.name}", "Cast", [words("1", text)], to=number_of(target),
                        expected=[wanted.astype(target)], why="numpy reads no text as these types")
    for source in everything:
        x = np.array([1, 1]).astype(source)
        yield node_case(f"cast_{source.name}_text", "Cast", [x], to=TensorProto.STRING,
                        expected=[words("1", "1")], why="in as few digits as come back equal")
    yield node_case("cast_special_text", "Cast",
                    [words("NaN", "nan", "+INF", "inf", "-Inf", "1e-5", "1E8", "+3.5", "-0")],
                    to=TensorProto.FLOAT)
    yield node_case("cast_text_large_integers", "Cast", [words("9223372036854775807", "-9007199254740993")],
                    to=TensorProto.INT64)
    yield node_case("cast_float_text", "Cast", [np.array([1.5, 314.125, -2.25, np.inf, np.nan], np.float32)],
                    to=TensorProto.STRING, expected=[words("1.5", "314.125", "-2.25", "INF", "NaN")],
                    why="the specification's words for what is no number")
    values = np.array([0, -0.0, np.nan, np.inf, -np.inf, 0.4, 448, 464, 465, 480, 1e6, -1e6, 57344, 61440,
                       61441, 2**-9, 2**-10, 3 * 2**-11, 2**-16, 2**-17, 1.5 * 2**-17, 17, 19, 21],
                      np.float32)
    for saturate in (0, 1):
        for name in MINI_FLOATS[:4]:
            target = getattr(ml_dtypes, name)
            yield node_case(f"cast_{name}_saturate_{saturate}", "Cast", [values], to=number_of(target),
                            saturate=saturate)
    for name in MINI_FLOATS[5:]:
        yield node_case(f"cast_{name}_rounding", "Cast",
                        [np.array([0.1, 0.25, -0.75, 1.25, 1.75, 2.5, 3.5, 5, 100, -1e9, np.inf], np.float32)],
                        to=number_of(getattr(ml_dtypes, name)))
    # Halfway in float32, but not in float64.
    close = np.array([1 + 2**-11 + 2**-40, 1 + 2**-11 - 2**-40, 2049 + 2**-30, 1e-40], np.float64)
    yield node_case("cast_double_half_once", "Cast", [close], to=TensorProto.FLOAT16)
    yield node_case("cast_double_float8_once", "Cast",
                    [np.array([1.0625 + 2**-40, 1.0625, 17 + 2**-30, -17 - 2**-30], np.float64)],
                    to=TensorProto.FLOAT8E4M3FN,
                    expected=[np.array([1.125, 1, 18, -18]).astype(ml_dtypes.float8_e4m3fn)],
                    why="the evaluator rounds to float32 first")
    powers = np.array([1, 1.25, 1.5, 1.75, 2, 3, 0.3, 2.0**-126, 2.0**126, 1000], np.float32)
    for mode in ("up", "down", "nearest"):
        yield node_case(f"cast_e8m0_{mode}", "Cast", [powers], to=TensorProto.FLOAT8E8M0, round_mode=mode)
    far = np.array([0, np.nan, np.inf, 1.5 * 2.0**127, 2.0**127, 2.0**-127, 2.0**-140], np.float32)
    e8m0 = ml_dtypes.float8_e8m0fnu
    yield node_case("cast_e8m0_saturated", "Cast", [far], to=TensorProto.FLOAT8E8M0,
                    expected=[np.array([0, 255, 254, 254, 254, 0, 0], np.uint8).view(e8m0)],
                    why="the evaluator makes NaN of infinity")
    yield node_case("cast_e8m0_not_saturated", "Cast", [far], to=TensorProto.FLOAT8E8M0, saturate=0,
                    round_mode="nearest",
                    expected=[np.array([255, 255, 255, 255, 254, 0, 255], np.uint8).view(e8m0)],
                    why="the evaluator makes the smallest number of what is too small")
    wide = np.array([200, -200, 7, -9, 16, 255, 256, 65537], np.int32)
    for target in (np.int8, np.uint8, np.int16, ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.int2,
                   ml_dtypes.uint2):
        yield node_case(f"cast_upper_bits_{name_of(target)}", "Cast", [wide], to=number_of(target))
    yield node_case("cast_to_bool", "Cast", [np.array([0, -0.0, np.nan, np.inf, 1e-30], np.float32)],
                    to=TensorProto.BOOL)
    yield node_case("cast_int64_uint64_beyond", "Cast", [np.array([-1, -2**63, 2**63 - 1], np.int64)],
                    to=TensorProto.UINT64)
    yield node_case("cast_opset9", "Cast", [floats("old", 5, scale=9)], to=TensorProto.INT64, opset=9)
    yield node_case("cast_scalar", "Cast", [np.float32(3.75)], to=TensorProto.INT4)
    yield node_case("cast_empty", "Cast", [np.zeros((2, 0), np.float32)], to=TensorProto.FLOAT4E2M1)


def casts_like():
    for source, target in ((np.float32, np.int8), (np.float64, np.float16), (np.int32, BFLOAT16),
                           (np.float16, np.float32), (np.float32, ml_dtypes.float8_e5m2),
                           (np.float32, ml_dtypes.uint4), (np.bool_, np.float32)):
        x = np.array([[1, 0], [3, 2]]).astype(source)
        yield node_case(f"castlike_{name_of(source)}_{name_of(target)}", "CastLike",
                        [x, np.zeros((3,), target)], expected=[x.astype(target)],
                        why="all types have these numbers")
    yield node_case("castlike_text", "CastLike", [words("1.5", "2"), np.zeros((0, 2), np.float64)])
    big = np.array([1000, -1000, np.inf], np.float32)
    for saturate in (0, 1):
        target = ml_dtypes.float8_e4m3fn
        yield node_case(f"castlike_saturate_{saturate}", "CastLike", [big, np.zeros(1, target)],
                        saturate=saturate)
    yield node_case("castlike_opset15", "CastLike", [floats("like", 4), np.float64(1)], opset=15)


def hardmax():
    for dtype in (np.float16, np.float32, np.float64):
        for axis in (0, 1, -1):
            yield node_case(f"hardmax_{name_of(dtype)}_{axis}", "Hardmax",
                            [floats("hardmax", 2, 3, 4, dtype=dtype)], axis=axis)
    yield node_case("hardmax_default", "Hardmax", [floats("hardmax", 3, 2, 4)])
    ties = np.array([[1, 3, 3, 0], [2, 2, 2, 2]], np.float32)
    yield node_case("hardmax_first_of_equals", "Hardmax", [ties])
    yield node_case("hardmax_one_axis", "Hardmax", [floats("hardmax", 5)])
    yield node_case("hardmax_empty", "Hardmax", [np.zeros((2, 0), np.float32)])
    x = floats("hardmax", 2, 3, 4)
    flat = np.eye(12, dtype=np.float32)[x.reshape(2, 12).argmax(1)].reshape(2, 3, 4)
    yield node_case("hardmax_opset11", "Hardmax", [x], opset=11, expected=[flat],
                    why="the evaluator knows the meaning of opset 13 alone")
    yield node_case("hardmax_opset1_axis_2", "Hardmax", [x], opset=7, axis=2,
                    expected=[np.eye(4, dtype=np.float32)[x.argmax(2)]],
                    why="the evaluator knows the meaning of opset 13 alone")


def eye_like():
    for dtype in (np.float16, BFLOAT16, np.float32, np.float64, np.bool_, np.int8, np.uint64):
        yield node_case(f"eyelike_{name_of(dtype)}", "EyeLike", [np.zeros((3, 4), dtype)])
    for k in (-9, -2, -1, 0, 1, 3, 9):
        yield node_case(f"eyelike_k_{k}", "EyeLike", [np.zeros((3, 4), np.float32)], k=k)
        yield node_case(f"eyelike_tall_k_{k}", "EyeLike", [np.zeros((5, 2), np.int32)], k=k,
                        dtype=TensorProto.DOUBLE)
    yield node_case("eyelike_dtype", "EyeLike", [np.zeros((2, 2), np.float32)], dtype=TensorProto.UINT8)
    yield node_case("eyelike_half", "EyeLike", [np.zeros((2, 2), np.int64)], dtype=TensorProto.FLOAT16)
    yield node_case("eyelike_empty", "EyeLike", [np.zeros((0, 3), np.float32)])
    yield node_case("eyelike_opset9", "EyeLike", [np.zeros((2, 3), np.float32)], opset=9)


def cum_prod():
    for dtype in (np.float16, np.float32, np.float64, np.int32, np.int64, np.uint32, np.uint64):
        x = (floats("cumprod", 3, 4, dtype=dtype) if dtype in FLOATS
             else integers("cumprod", 3, 4, dtype=dtype, low=-5, high=6))
        for axis in (0, 1, -1):
            yield node_case(f"cumprod_{name_of(dtype)}_{axis}", "CumProd", [x, np.int64(axis)])
    x = floats("cumprod", 2, 5, 3)
    for exclusive in (0, 1):
        for reverse in (0, 1):
            yield node_case(f"cumprod_exclusive_{exclusive}_reverse_{reverse}", "CumProd",
                            [x, np.int32(1)], exclusive=exclusive, reverse=reverse)
    yield node_case("cumprod_constant_axis", "CumProd", [x, np.int64(-2)], constants=(1,))
    yield node_case("cumprod_empty", "CumProd", [np.zeros((2, 0, 3), np.float32), np.int64(1)])


def det():
    for dtype in (np.float32, np.float64):
        for size in (1, 2, 3, 5):
            yield node_case(f"det_{name_of(dtype)}_{size}", "Det", [floats(f"det{size}", size, size, dtype=dtype)])
    half = floats("det", 3, 3, dtype=np.float16)
    yield node_case("det_float16", "Det", [half],
                    expected=[np.linalg.det(half.astype(np.float64)).astype(np.float16)],
                    why="numpy has no determinant of float16")
    yield node_case("det_batches", "Det", [floats("det", 2, 3, 4, 4)])
    yield node_case("det_swapped_rows", "Det", [np.array([[0, 2], [3, 4]], np.float32)])
    yield node_case("det_singular", "Det", [np.array([[1, 2], [2, 4]], np.float32)])
    yield node_case("det_of_nothing", "Det", [np.zeros((2, 0, 0), np.float32)])
    yield node_case("det_no_batches", "Det", [np.zeros((0, 2, 2), np.float32)])
    yield node_case("det_opset11", "Det", [floats("det", 3, 3)], opset=11)


def einsum():
    shapes = {
        "i->i": [(3,)], "ij->ji": [(2, 3)], "ij->": [(2, 3)], "ij->i": [(2, 3)], "ij": [(2, 3)],
        "ji": [(2, 3)], "ii->i": [(3, 3)], "ii": [(3, 3)], "ii->": [(3, 3)], "iij->ji": [(2, 2, 3)],
        "ij,jk->ik": [(2, 3), (3, 4)], "ij,jk": [(2, 3), (3, 4)], "i,i": [(4,), (4,)],
        "i,j->ij": [(2,), (3,)], "i,j->ji": [(2,), (3,)], "bij,bjk->bik": [(2, 3, 4), (2, 4, 5)],
        "bhid,bhjd->bhij": [(2, 2, 3, 4), (2, 2, 5, 4)], "...ii->...i": [(2, 3, 3)],
        "...ij,...jk->...ik": [(2, 3, 4), (2, 4, 5)], "...ij,jk->...ik": [(2, 2, 3, 4), (4, 5)],
        "...,...->...": [(2, 1, 3), (1, 4, 3)], "...i,...i": [(2, 3), (2, 3)], "i...->...": [(2, 3, 4)],
        "...->...": [(2, 3)], "...": [(2, 3)], "i...j->j...i": [(2, 3, 4, 5)], "ab,bc,cd->ad": [(2, 3), (3, 4), (4, 5)],
        "ab,cd,ac,bd->": [(2, 3), (4, 5), (2, 4), (3, 5)], "a,b,c->": [(2,), (3,), (4,)],
        "Ab,bA->A": [(2, 3), (3, 2)], "bA": [(2, 3)], "aab,b->a": [(3, 3, 2), (2,)],
        ",ij->ij": [(), (2, 3)], "->": [()], ",": [(), ()], " i j , j k -> i k ": [(2, 3), (3, 4)],
        "ij,ij->ij": [(2, 3), (2, 3)], "ijk,ljm->kilm": [(2, 3, 4), (5, 3, 6)],
        "ij,kj->ik": [(1, 3), (2, 3)], "ij,ij->ij ": [(1, 3), (2, 1)],
    }
    for number, (equation, dims) in enumerate(shapes.items()):
        yield node_case(f"einsum_{number}", "Einsum",
                        [floats(f"einsum{number}{i}", *shape) for i, shape in enumerate(dims)],
                        equation=equation)
    for dtype in FLOATS[:1] + FLOATS[2:] + INTEGERS:
        a, b = ((floats("a", 2, 3, dtype=dtype), floats("b", 3, 4, dtype=dtype)) if dtype in FLOATS
                else (integers("a", 2, 3, dtype=dtype), integers("b", 3, 4, dtype=dtype)))
        yield node_case(f"einsum_{name_of(dtype)}", "Einsum", [a, b], equation="ij,jk->ik")
    yield node_case("einsum_bfloat16", "Einsum",
                    [floats("a", 2, 3, dtype=BFLOAT16), floats("b", 3, 4, dtype=BFLOAT16)],
                    equation="ij,jk->ik")
    yield node_case("einsum_nothing_summed", "Einsum", [np.zeros((2, 0), np.float32)], equation="ij->i")
    yield node_case("einsum_nothing_left", "Einsum",
                    [np.zeros((0, 3), np.float32), np.ones((3, 2), np.float32)], equation="ij,jk->ik")
    yield node_case("einsum_opset12", "Einsum", [floats("a", 2, 3), floats("b", 3)], equation="ij,j->i", opset=12)


def reverse_sequence():
    x = floats("reverse", 4, 3, 2)
    for dtype in (np.float16, BFLOAT16, np.float64, np.int8, np.uint32, np.bool_, np.complex64):
        yield node_case(f"reversesequence_{name_of(dtype)}", "ReverseSequence",
                        [(x * 3).astype(dtype), np.array([4, 2, 1])])
    yield node_case("reversesequence_batch_first", "ReverseSequence", [x, np.array([3, 1, 2, 3])],
                    batch_axis=0, time_axis=1)
    yield node_case("reversesequence_zero_length", "ReverseSequence", [x, np.array([0, 3, 4])])
    yield node_case("reversesequence_text", "ReverseSequence",
                    [words("a", "b", "c", "d").reshape(2, 2), np.array([2, 1])])
    yield node_case("reversesequence_empty", "ReverseSequence", [np.zeros((0, 2), np.float32), np.zeros(2, np.int64)])
    yield node_case("reversesequence_no_batch", "ReverseSequence",
                    [np.zeros((3, 0), np.float32), np.zeros(0, np.int64)])
    yield node_case("reversesequence_opset10", "ReverseSequence", [x, np.array([1, 2, 3])], opset=10)


def center_crop_pad():
    x = floats("center", 4, 7, 3)
    for number, shape in enumerate(([4, 7, 3], [2, 5, 1], [1, 4, 2], [7, 8, 6], [3, 10, 3], [5, 2, 4], [0, 7, 3])):
        for constants in ((), (1,)):
            yield node_case(f"centercroppad_{number}_{len(constants)}", "CenterCropPad",
                            [x, np.array(shape)], constants=constants)
    for number, axes in enumerate(([1], [-1], [2, 0], [-3, 1])):
        yield node_case(f"centercroppad_axes_{number}", "CenterCropPad",
                        [x, np.array([6, 3][:len(axes)], np.int32)], axes=axes)
    for dtype in (np.float16, BFLOAT16, np.float64, np.int8, np.uint64, np.bool_, np.complex128):
        yield node_case(f"centercroppad_{name_of(dtype)}", "CenterCropPad",
                        [np.ones((3, 4), dtype), np.array([6, 2])])
    yield node_case("centercroppad_text", "CenterCropPad", [words("a", "b", "c"), np.array([6])],
                    expected=[words("", "a", "b", "c", "", "")], why="the evaluator pads with numbers")
    yield node_case("centercroppad_from_nothing", "CenterCropPad", [np.zeros((0, 2), np.float32), np.array([3, 2])])


def tensor_scatter():
    cache = floats("cache", 2, 3, 5, 4)
    update = floats("update", 2, 3, 2, 4)
    yield node_case("tensorscatter_prefill", "TensorScatter", [cache, update])
    yield node_case("tensorscatter_linear", "TensorScatter", [cache, update, np.array([3, 1])])
    yield node_case("tensorscatter_circular", "TensorScatter", [cache, update, np.array([4, 9])], mode="circular")
    yield node_case("tensorscatter_negative", "TensorScatter", [cache, update, np.array([-1, -7])], mode="circular")
    yield node_case("tensorscatter_axis", "TensorScatter", [cache, cache[:, :2] * 2, np.array([1, 0])], axis=1)
    yield node_case("tensorscatter_last_axis", "TensorScatter", [cache, cache[..., :1] * 2, np.array([3, 0])], axis=-1)
    yield node_case("tensorscatter_whole", "TensorScatter", [cache, cache * 2, np.array([2, 4])], mode="circular")
    yield node_case("tensorscatter_nothing", "TensorScatter", [cache, cache[:, :, :0], np.array([5, 0])])
    for dtype in (np.float16, BFLOAT16, np.int8, np.bool_, np.complex64, ml_dtypes.float8_e5m2,
                  ml_dtypes.int4, ml_dtypes.float4_e2m1fn):
        yield node_case(f"tensorscatter_{name_of(dtype)}", "TensorScatter",
                        [np.zeros((2, 3, 3), dtype), np.ones((2, 1, 3), dtype), np.array([2, 0])])
    yield node_case("tensorscatter_text", "TensorScatter",
                    [words("a", "b", "c", "d").reshape(2, 2, 1), words("x", "y").reshape(2, 1, 1), np.array([1, 0])])


def squeezes():
    x = floats("squeeze", 1, 3, 1, 2)
    for number, axes in enumerate(([0], [2], [0, 2], [-2], [-4, 2], [])):
        for constants in ((), (1,)):
            yield node_case(f"squeeze_{number}_{len(constants)}", "Squeeze", [x, np.array(axes, np.int64)],
                            constants=constants, expected=[np.squeeze(x, tuple(axes))],
                            why="the evaluator takes no axes for all of them")
    for number, axes in enumerate(([0], [4], [-1], [0, -1], [1, 3, 2], [])):
        for constants in ((), (1,)):
            yield node_case(f"unsqueeze_{number}_{len(constants)}", "Unsqueeze", [x, np.array(axes, np.int64)],
                            constants=constants)
    yield node_case("squeeze_all", "Squeeze", [x])
    yield node_case("squeeze_opset11", "Squeeze", [x], axes=[0, -2], opset=11)


def dropout():
    x = floats("dropout", 3, 4)
    for dtype in FLOATS:
        yield node_case(f"dropout_ratio_0_{name_of(dtype)}", "Dropout",
                        [x.astype(dtype), np.float32(0) if dtype == BFLOAT16 else dtype(0), np.bool_(True)], outputs=2)
    for training in ((), (2,)):
        yield node_case(f"dropout_at_rest_{len(training)}", "Dropout", [x, np.float32(0.9), np.bool_(False)],
                        outputs=2, constants=training)
        yield node_case(f"dropout_training_keeps_all_{len(training)}", "Dropout",
                        [x, np.float32(0), np.bool_(True)], constants=training)
    nothing, zeros = np.zeros((0, 2), np.float32), np.zeros((2, 2), np.float32)
    yield node_case("dropout_nothing", "Dropout", [nothing, None, np.bool_(True)], outputs=2,
                    expected=[nothing, nothing == 0], why="the evaluator needs a ratio")
    yield node_case("dropout_of_zeros", "Dropout", [zeros, None, np.bool_(True)], seed=7, expected=[zeros],
                    why="the evaluator needs a ratio")
    yield node_case("dropout_float8", "Dropout", [x.astype(ml_dtypes.float8_e4m3fn)], outputs=2)


def graph_case(name, nodes, x, constants, expected, why):
    """Nodes on one input x and some constants; the last makes the output y."""
    declared = [helper.make_tensor_value_info(value, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                for value, array in (("x", x), ("y", expected))]
    initializers = [numpy_helper.from_array(np.asarray(array), value) for value, array in constants.items()]
    graph = helper.make_graph(nodes, name, declared[:1], declared[1:], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", NEWEST[""])])
    model.ir_version = IR_VERSION
    return Case(name, model, [x], [expected], why)


def training_graphs():
    """What a rule that takes training for rest would get wrong."""
    x = np.abs(floats("graph", 3, 4)) + np.float32(1)
    constants = {"half": np.float32(0.5), "yes": np.bool_(True)}
    drop = helper.make_node("Dropout", ["x", "half", "yes"], ["dropped"])
    yield graph_case("dropout_drops_or_scales", [drop, helper.make_node("Equal", ["dropped", "x"], ["y"])], x,
                     constants, x == 0, "an element is dropped or doubled")
    masked = helper.make_node("Dropout", ["x", "half", "yes"], ["dropped", "mask"], seed=3)
    kept = [helper.make_node("Add", ["x", "x"], ["double"]),
            helper.make_node("Where", ["mask", "double", "zero"], ["kept"]),
            helper.make_node("Equal", ["dropped", "kept"], ["y"])]
    yield graph_case("dropout_mask", [masked, *kept], x, {**constants, "zero": np.float32(0)}, x != 0,
                     "the mask tells what is dropped")
    image = floats("graph", 2, 3, 4, 4)
    ones = np.ones(3, np.float32)
    nodes = [helper.make_node("Conv", ["x", "weights"], ["layer"]),
             helper.make_node("BatchNormalization", ["layer", "ones", "ones", "ones", "ones"], ["normal"],
                              training_mode=1),
             helper.make_node("Relu", ["normal"], ["y"])]
    weights = np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1) * np.float32(2)
    normal = normalized(image * 2, ones, ones, ones, ones)[0]
    yield graph_case("batchnorm_training_in_a_graph", nodes, image, {"weights": weights, "ones": ones},
                     np.maximum(normal, 0), "the evaluator returns all three")


def batch_normalization():
    def operands(dtype=np.float32, statistics=np.float32):
        return [floats("scale", 3, dtype=dtype), floats("bias", 3, dtype=dtype),
                floats("mean", 3, dtype=statistics), np.abs(floats("variance", 3, dtype=statistics)) + statistics(0.5)]

    x = floats("batch", 4, 3, 2, 5, scale=2)
    yield node_case("batchnorm_training", "BatchNormalization", [x, *operands()], outputs=3, training_mode=1)
    yield node_case("batchnorm_training_momentum", "BatchNormalization", [x, *operands()], outputs=3,
                    training_mode=1, momentum=0.25, epsilon=0.01)
    yield node_case("batchnorm_training_constants", "BatchNormalization", [x, *operands()], outputs=3,
                    training_mode=1, constants=(1, 2, 3, 4))
    yield node_case("batchnorm_training_vectors", "BatchNormalization", [floats("batch", 6, 3), *operands()],
                    outputs=3, training_mode=1)
    yield node_case("batchnorm_training_double", "BatchNormalization",
                    [x.astype(np.float64), *operands(np.float64, np.float64)], outputs=3, training_mode=1)
    yield node_case("batchnorm_training_opset14", "BatchNormalization", [x, *operands()], outputs=3,
                    training_mode=1, opset=14)
    y = normalized(x, *operands())
    yield node_case("batchnorm_training_first_output", "BatchNormalization", [x, *operands()],
                    training_mode=1, expected=[y[0]], why="the evaluator returns all three")
    yield node_case("batchnorm_training_running_variance", "BatchNormalization", [x, *operands()],
                    outputs=["y", "", "variance"], training_mode=1, expected=[y[0], y[2]],
                    why="the evaluator takes the second output for the third")
    half = [x.astype(np.float16), *operands(np.float16)]
    wide = normalized(*(value.astype(np.float64) for value in half))
    yield node_case("batchnorm_training_half", "BatchNormalization", half, outputs=3, training_mode=1,
                    expected=[wide[0].astype(np.float16), wide[1].astype(np.float32), wide[2].astype(np.float32)],
                    why="the evaluator sums in float16")
    yield node_case("batchnorm_training_opset9", "BatchNormalization", [x, *operands()],
                    outputs=["y", "mean", "variance"], opset=9, expected=list(y),
                    why="the evaluator has one output before opset 14")


def normalized(x, scale, bias, mean, variance, momentum=0.9, epsilon=1e-5):
    axes = (0, *range(2, x.ndim))
    column = (1, -1) + (1,) * (x.ndim - 2)
    now = x.mean(axes), x.var(axes)
    y = (x - now[0].reshape(column)) / np.sqrt(now[1].reshape(column) + epsilon)
    y = y * scale.reshape(column) + bias.reshape(column)
    return [y.astype(x.dtype)] + [(old * momentum + new * (1 - momentum)).astype(old.dtype)
                                  for old, new in zip((mean, variance), now)]


def cases():
    for group in (unary, activations, bits, bit_casts, casts, casts_like, hardmax, eye_like, cum_prod, det,
                  einsum, reverse_sequence, center_crop_pad, tensor_scatter, squeezes, dropout,
                  training_graphs, batch_normalization):
        yield from group()
