"""Pow, Mod, Clip, Min, Max, Mean, Sum, Gelu, and the other arithmetic on numbers of every type."""
import numpy as np

from reference.case import node_case, random
from reference.existing import types_of, values_of

ROUNDS = "the evaluator of onnx rounds every step, or lacks the type"


def is_float(dtype):
    return dtype.kind == "f" or dtype.name == "bfloat16"


def pow_cases():
    for dtype in types_of("Pow"):
        for exponent in types_of("Pow", 1):
            name = f"Pow_{dtype.name}_{exponent.name}"
            x = values_of(name, dtype, 3, 4, low=1, high=3)
            y = values_of(name + "y", exponent, 4, low=0, high=3)
            wanted = np.power(x.astype(np.float64), y.astype(np.float64))
            if not is_float(dtype):
                wanted = np.trunc(np.round(wanted, 9))
            yield node_case(name, "Pow", [x, y], expected=[wanted.astype(dtype)], why=ROUNDS)
    x = np.float32([-2, -2, 0, 0, 4, np.nan])
    y = np.float32([3, 0.5, 0, -1, -0.5, 0])
    yield node_case("Pow_special", "Pow", [x, y])
    yield node_case("Pow_scalars", "Pow", [np.float32(2), np.float32(5)])
    yield node_case("Pow_opset_7", "Pow", [np.abs(x), y], opset=7)
    yield node_case("Pow_opset_12", "Pow", [np.int32([2, 3]), np.int64([[3], [2]])], opset=12)
    yield node_case("Pow_of_integers_to_negative_powers", "Pow",
                    [np.int32([1, -1, -1, 2]), np.int32([-3, -3, -2, -1])],
                    expected=[np.int32([1, -1, 1, 0])],
                    why="NumPy refuses negative powers of integers")


def mod_cases():
    for dtype in types_of("Mod"):
        for fmod in (0, 1):
            if is_float(dtype) and not fmod:
                continue
            name = f"Mod_{dtype.name}_{fmod}"
            x = values_of(name, dtype, 4, 5, low=-20, high=20)
            y = values_of(name + "y", dtype, 5, low=1, high=4)
            if dtype.kind != "u":
                y[1] = dtype.type(-3)
            yield node_case(name, "Mod", [x, y], fmod=fmod)
    x, y = np.float32([5.5, -5.5, 5.5, -5.5, 0, 7]), np.float32([2, 2, -2, -2, 3, np.inf])
    yield node_case("Mod_fmod", "Mod", [x, y], fmod=1)
    yield node_case("Mod_of_float32", "Mod", [x[:5], y[:5]],
                    expected=[np.float32([1.5, 0.5, -0.5, -1.5, 0])],
                    why="the evaluator of onnx refuses it")
    yield node_case("Mod_opset_10", "Mod", [np.int32([7, -7]), np.int32([3, 3])], opset=10)


def clip_cases():
    for dtype in types_of("Clip"):
        x = values_of("clip", dtype, 3, 4, low=-9, high=9)
        low, high = dtype.type(1), dtype.type(3)
        name = f"Clip_{dtype.name}"
        for part, bounds in (("both", [low, high]), ("low", [low]), ("high", [None, high])):
            bounds = [None if b is None else np.array(b, dtype) for b in bounds]
            wanted = x.astype(np.float64)
            if bounds[0] is not None:
                wanted = np.maximum(wanted, 1)
            if len(bounds) > 1:
                wanted = np.minimum(wanted, 3)
            yield node_case(f"{name}_{part}", "Clip", [x, *bounds], expected=[wanted.astype(dtype)],
                            why=ROUNDS)
    x = np.float32([-1, 0, 2, 5, np.nan])
    yield node_case("Clip_neither", "Clip", [x])
    yield node_case("Clip_low_above_high", "Clip", [x, np.float32(3), np.float32(1)])
    yield node_case("Clip_opset_6", "Clip", [x[:4]], min=0.5, max=3.0, opset=7,
                    expected=[np.float32([0.5, 0.5, 2, 3])], why="attributes, as they were")
    yield node_case("Clip_opset_6_default", "Clip", [x[:4]], opset=7, expected=[x[:4]],
                    why="attributes, as they were")
    yield node_case("Clip_opset_11", "Clip", [x, np.float32(0)], opset=11)


def variadic_cases():
    for op in ("Min", "Max", "Mean", "Sum"):
        for dtype in types_of(op):
            for count in (1, 2, 3):
                name = f"{op}_{dtype.name}_{count}"
                inputs = [values_of(f"{name}{i}", dtype, *shape)
                          for i, shape in enumerate(((2, 3, 4), (3, 1), (1, 1, 4))[:count])]
                if op in ("Mean", "Sum"):
                    wanted = sum(x.astype(np.float64) for x in inputs)
                    wanted = wanted / count if op == "Mean" else wanted
                    yield node_case(name, op, inputs, expected=[wanted.astype(dtype)], why=ROUNDS)
                else:
                    yield node_case(name, op, inputs)
        for opset in (8, 12):
            yield node_case(f"{op}_opset_{opset}", op,
                            [np.float32([[1, 5], [3, 0]]), np.float32([4, 2])], opset=opset)
    nan = [np.float32([np.nan, 1, np.inf]), np.float32([2, np.nan, -np.inf])]
    yield node_case("Max_nan", "Max", nan)
    yield node_case("Min_nan", "Min", nan)


def unary_cases():
    """Operators of one input whose evaluators have every type."""
    for op in ("Abs", "Neg", "Sign", "Relu", "Identity"):
        for dtype in types_of(op):
            name = f"{op}_{dtype.name}"
            yield node_case(name, op, [values_of(name, dtype, 3, 4)])
    functions = {"Exp": np.exp, "Log": np.log, "Sqrt": np.sqrt, "Sin": np.sin, "Cos": np.cos,
                 "Tanh": np.tanh, "Floor": np.floor, "Ceil": np.ceil, "Round": np.rint,
                 "Reciprocal": lambda x: 1 / x, "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
                 "Softplus": lambda x: np.log1p(np.exp(x)), "Softsign": lambda x: x / (1 + np.abs(x)),
                 "Elu": lambda x: np.where(x < 0, np.expm1(x), x),
                 "LeakyRelu": lambda x: np.where(x < 0, 0.01 * x, x),
                 "HardSigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
                 "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
                 "Selu": lambda x: 1.0507009873554805 * np.where(x < 0, 1.6732632423543772 *
                                                                 np.expm1(x), x)}
    for op, function in functions.items():
        for dtype in types_of(op):
            name = f"{op}_{dtype.name}"
            x = values_of(name, dtype, 3, 4, low=0.5 if op in ("Log", "Sqrt") else -3, high=3)
            yield node_case(name, op, [x], expected=[function(x.astype(np.float64)).astype(dtype)],
                            why=ROUNDS)
    yield node_case("Elu_alpha", "Elu", [values_of("elu", np.float32, 9)], alpha=2.5)
    yield node_case("LeakyRelu_alpha", "LeakyRelu", [values_of("leaky", np.float32, 9)], alpha=0.3)
    yield node_case("HardSigmoid_line", "HardSigmoid", [values_of("hard", np.float32, 9)],
                    alpha=0.5, beta=0.6)
    yield node_case("Selu_parameters", "Selu", [values_of("selu", np.float32, 9)], alpha=2.0,
                    gamma=3.0)
    for op in ("Gelu", "Erf"):
        for dtype in types_of(op):
            name = f"{op}_{dtype.name}"
            x = values_of(name, dtype, 3, 4, low=0, high=3)
            newest = node_case(name, op, [x.astype(np.float64)]).expected()[0]
            yield node_case(name, op, [x], expected=[newest.astype(dtype)], why=ROUNDS)
    yield node_case("Gelu_tanh", "Gelu", [values_of("gelu", np.float32, 3, 4)], approximate="tanh")
    for slopes in ((1,), (4,), (3, 1), (2, 3, 4), ()):
        name = "_".join(["PRelu", *map(str, slopes)])
        yield node_case(name, "PRelu", [values_of(name, np.float32, 2, 3, 4),
                                        values_of(name + "s", np.float32, *slopes)])
    for dtype in types_of("PRelu"):
        name = f"PRelu_{dtype.name}"
        x, slope = values_of(name, dtype, 3, 4), values_of(name + "s", dtype, 4, low=0, high=2)
        wide = x.astype(np.float64)
        wanted = np.where(wide < 0, wide * slope.astype(np.float64), wide)
        yield node_case(name, "PRelu", [x, slope], expected=[wanted.astype(np.float64).astype(dtype)
                                                             if dtype.kind != "u" else x],
                        why=ROUNDS)
    infinities = np.array([1, -np.inf, np.inf, np.nan])
    for dtype in types_of("IsNaN"):
        if dtype.itemsize > 1:
            yield node_case(f"IsNaN_{dtype.name}", "IsNaN", [infinities.astype(dtype)])
    for positive in (0, 1):
        for negative in (0, 1):
            yield node_case(f"IsInf_{positive}_{negative}", "IsInf",
                            [infinities.astype(np.float32)], detect_positive=positive,
                            detect_negative=negative)
    for dtype in types_of("IsInf"):
        if dtype.itemsize > 1:
            yield node_case(f"IsInf_{dtype.name}", "IsInf", [infinities.astype(dtype)])


def binary_cases():
    for op in ("Add", "Sub", "Mul", "Div", "Equal", "Greater", "GreaterOrEqual", "Less",
               "LessOrEqual", "And", "Or", "Xor"):
        for dtype in types_of(op):
            name = f"{op}_{dtype.name}"
            x = values_of(name, dtype, 2, 3, 4, low=1 if dtype.kind == "u" else -4)
            y = values_of(name + "y", dtype, 3, 1, low=1)
            own = {}
            if op == "Div" and dtype.kind in "iu":
                own = {"expected": [np.trunc(x.astype(np.float64) / y).astype(dtype)],
                       "why": "the evaluator of onnx rounds down"}
            yield node_case(name, op, [x, y], **own)
        dtype = bool if op in ("And", "Or", "Xor") else np.float32
        for shapes in (((), (3,)), ((2, 1), (1, 3)), ((0, 3), (1, 3)), ((4,), ()), ((1,), (0,))):
            name = "_".join([op, *(str(shape).replace(" ", "") for shape in shapes)])
            yield node_case(name, op, [values_of(name + str(i), dtype, *shape) + dtype(0)
                                       if dtype != bool else values_of(name + str(i), dtype, *shape)
                                       for i, shape in enumerate(shapes)])
        dtype = np.int32 if op == "Equal" else dtype
        yield node_case(f"{op}_first_opset", op,
                        [values_of(op, dtype, 2, 3), values_of(op + "y", dtype, 3)],
                        opset=12 if op.endswith("OrEqual") else 7)
    for dtype in types_of("Not"):
        yield node_case("Not", "Not", [values_of("not", dtype, 3, 4)])
    yield node_case("Div_by_zero", "Div", [np.float32([1, -1, 0]), np.float32([0, 0, 0])])
    yield node_case("Add_wraps", "Add", [np.int8([127, -128]), np.int8([1, -1])])
    yield node_case("Equal_nan", "Equal", [np.float32([np.nan, 0]), np.float32([np.nan, -0.0])])


def cases():
    for made in (pow_cases, mod_cases, clip_cases, variadic_cases, unary_cases, binary_cases):
        yield from made()
