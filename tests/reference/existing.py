"""Operators that move, pick and spread elements: each option, each type."""
import ml_dtypes
import numpy as np
import onnx
from onnx import helper

from reference.case import NEWEST, node_case, random

NAMES = {getattr(onnx.TensorProto, name.upper()): name for name in (
    "float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 "
    "complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 "
    "float4e2m1 float8e8m0 uint2 int2 float6e2m3 float6e3m2").split()}


def types_of(op, operand=0, opset=NEWEST[""]):
    """The element types that an input may have, as NumPy has them."""
    schema = onnx.defs.get_schema(op, opset)
    variable = schema.inputs[operand].type_str
    allowed = {variable}
    for constraint in schema.type_constraints:
        if constraint.type_param_str == variable:
            allowed = set(constraint.allowed_type_strs)
    return [np.dtype(object if name == "string" else helper.tensor_dtype_to_np_dtype(number))
            for number, name in NAMES.items() if f"tensor({name})" in allowed]


def values_of(name, dtype, *shape, low=-4, high=4):
    """Small numbers (or words, or truths) that a type can hold."""
    dtype = np.dtype(dtype)
    rng = random(name)
    if dtype == object:
        return rng.choice(["", "a", "bc", "é", "zz"], shape).astype(object)
    if dtype == bool:
        return rng.random(shape) < 0.5
    if dtype.kind == "c":
        return (rng.integers(low, high, shape) + 1j * rng.integers(low, high, shape)).astype(dtype)
    whole = dtype.kind in "iu" or "int" in dtype.name
    if whole:
        info = ml_dtypes.iinfo(dtype)
        low, high = max(low, int(info.min)), min(high, int(info.max))
        return rng.integers(low, high, shape, endpoint=True).astype(np.int64).astype(dtype)
    if dtype.name == "float8_e8m0fnu":
        return (2.0 ** rng.integers(low, high, shape)).astype(np.float32).astype(dtype)
    return rng.uniform(low, high, shape).astype(np.float32).astype(dtype)



def shape_cases():
    for op in ("Shape", "Size", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"):
        for dtype in types_of(op):
            name = f"{op}_{dtype.name}"
            x = values_of(name, dtype, 2, 1, 3)
            own = {}
            if op == "Shape":
                inputs, wanted = [x], np.int64([2, 1, 3])
            elif op == "Size":
                inputs, wanted = [x], np.int64(6)
            elif op == "Reshape":
                inputs, wanted = [x, np.int64([3, -1])], x.reshape(3, 2)
            elif op == "Flatten":
                inputs, wanted = [x], x.reshape(2, 3)
            elif op == "Squeeze":
                inputs, wanted = [x, np.int64([1])], x[:, 0]
            elif op == "Unsqueeze":
                inputs, wanted = [x, np.int64([0, -1])], x[None, ..., None]
            else:
                inputs, wanted, own = [x], x.transpose(1, 2, 0), {"perm": [1, 2, 0]}
            yield node_case(name, op, inputs, expected=[wanted], why=TYPES, **own)
    x = values_of("shape", np.float32, 2, 3, 4, 5)
    for start, end in ((None, None), (1, None), (None, 2), (-2, None), (1, -1), (3, 1), (-9, 9)):
        given = {key: value for key, value in (("start", start), ("end", end)) if value is not None}
        yield node_case(f"Shape_{start}_{end}", "Shape", [x], **given)
    yield node_case("Shape_scalar", "Shape", [np.float32(1)])
    yield node_case("Shape_opset_7", "Shape", [x], opset=7)
    yield node_case("Size_scalar", "Size", [np.float32(1)])
    yield node_case("Size_nothing", "Size", [np.zeros((3, 0), np.float32)])
    for target in ([120], [-1], [4, 3, 2, 5], [0, -1], [0, 0, 20], [2, 0, -1, 5], [1, 120, 1]):
        name = "_".join(["Reshape", *map(str, target)])
        yield node_case(name, "Reshape", [x, np.int64(target)])
        yield node_case(f"{name}_constant", "Reshape", [x, np.int64(target)], constants=(1,))
    nothing = np.zeros((0, 3, 4), np.float32)
    yield node_case("Reshape_allowzero", "Reshape", [nothing, np.int64([3, 4, 0])], allowzero=1)
    yield node_case("Reshape_keeps_zero", "Reshape", [nothing, np.int64([0, 12])])
    yield node_case("Reshape_to_scalar", "Reshape", [x[:1, :1, :1, :1], np.zeros(0, np.int64)])
    yield node_case("Reshape_opset_7", "Reshape", [x, np.int64([0, -1])], opset=7)
    for axis in (0, 1, 2, 3, 4, -1, -4):
        yield node_case(f"Flatten_{axis}", "Flatten", [x], axis=axis)
    yield node_case("Flatten_scalar", "Flatten", [np.float32(3)], axis=0)
    yield node_case("Flatten_nothing", "Flatten", [nothing], axis=2,
                    expected=[np.zeros((0, 4), np.float32)],
                    why="NumPy does not know how many rows of nothing there are")
    ones = values_of("ones", np.float32, 1, 3, 1, 2, 1)
    for axes in ([0], [0, 2], [-1], [4, 0], [-3, -1]):
        name = "_".join(map(str, axes))
        yield node_case(f"Squeeze_{name}", "Squeeze", [ones, np.int64(axes)])
        yield node_case(f"Unsqueeze_{name}", "Unsqueeze", [ones, np.int64(axes)])
        yield node_case(f"Squeeze_{name}_constant", "Squeeze", [ones, np.int64(axes)],
                        constants=(1,))
        for op in ("Squeeze", "Unsqueeze"):
            yield node_case(f"{op}_{name}_opset_11", op, [ones], axes=axes, opset=11,
                            expected=node_case("any", op, [ones, np.int64(axes)]).expected(),
                            why=FIRST)
    yield node_case("Squeeze_all", "Squeeze", [ones])
    for perm in ([0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 3, 1], [0, 3, 1, 2], [1, 0, 3, 2]):
        yield node_case("_".join(["Transpose", *map(str, perm)]), "Transpose", [x], perm=perm)
    yield node_case("Transpose_default", "Transpose", [x])
    yield node_case("Transpose_nothing", "Transpose", [nothing])
    yield node_case("Transpose_scalar", "Transpose", [np.float32(2)])


def picking_cases():
    index = np.int64([[2, 0], [-1, 1]])
    for dtype in types_of("Gather"):
        name = f"Gather_{dtype.name}"
        x = values_of(name, dtype, 3, 4)
        yield node_case(name, "Gather", [x, index], expected=[np.take(x, index, 0)], why=TYPES)
    for axis in (0, 1, 2, -1):
        for indices in (np.int64([[0, 1], [-1, 1]]), np.int32([1]), np.int64(-2),
                        np.zeros((0, 2), np.int64)):
            name = "_".join(["Gather", str(axis), *map(str, indices.shape), indices.dtype.name])
            x = values_of(name, np.float32, 3, 4, 2)
            yield node_case(name, "Gather", [x, indices], axis=axis)
            yield node_case(f"{name}_constant", "Gather", [x, indices], axis=axis, constants=(1,))
    for dtype in types_of("GatherElements"):
        name = f"GatherElements_{dtype.name}"
        x, indices = values_of(name, dtype, 3, 4), np.int64([[0, -1, 2], [1, 0, 3]])
        yield node_case(name, "GatherElements", [x, indices], axis=1,
                        expected=[np.take_along_axis(x[:2], indices, 1)], why=TYPES)
    for axis in (0, 1, 2, -2):
        name = f"GatherElements_{axis}"
        rng = random(name)
        x = values_of(name, np.float32, 3, 3, 3)
        yield node_case(name, "GatherElements", [x, rng.integers(-3, 3, (3, 3, 3))], axis=axis)
    for dtype in types_of("GatherND"):
        name = f"GatherND_{dtype.name}"
        x = values_of(name, dtype, 3, 4)
        yield node_case(name, "GatherND", [x, np.int64([[0, 1], [-1, 2]])],
                        expected=[x[[0, -1], [1, 2]]], why=TYPES)
    x = values_of("GatherND", np.float32, 2, 3, 4, 5)
    for batch in (0, 1, 2):
        for depth in range(1, 5 - batch):
            for outer in ((), (3,), (2, 2)):
                name = "_".join(["GatherND", str(batch), str(depth), *map(str, outer)])
                rng = random(name)
                shape = (*x.shape[:batch], *outer, depth)
                if not shape[:-1]:
                    continue
                indices = np.stack([rng.integers(-x.shape[batch + i], x.shape[batch + i],
                                                 shape[:-1]) for i in range(depth)], -1)
                yield node_case(name, "GatherND", [x, indices], batch_dims=batch)
    for dtype in types_of("Slice"):
        name = f"Slice_{dtype.name}"
        x = values_of(name, dtype, 4, 5)
        yield node_case(name, "Slice", [x, np.int64([1, 4]), np.int64([3, 0]), np.int64([0, 1]),
                                        np.int64([1, -2])], expected=[x[1:3, 4:0:-2]], why=TYPES)
    x = values_of("Slice", np.float32, 5, 6, 7)
    least, most = -2**63, 2**63 - 1
    variants = [([1], [3], [0], None), ([-3, 1], [9, -1], [1, 2], None),
                ([0, 0, 0], [5, 3, 7], None, None), ([4], [least], [0], [-1]),
                ([-1, 5], [-6, 0], [0, 1], [-2, -3]), ([0], [most], [-1], [3]),
                ([3], [1], [0], None), ([most], [least], [2], [-4]), ([10], [20], [0], None),
                ([1], [4], [0], [most]), ([2], [5], [-2], [2])]
    for i, parts in enumerate(variants):
        for kind in (np.int32, np.int64):
            inputs = [None if part is None else np.clip(
                np.array(part, object), np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)
                for part in parts]
            while inputs[-1] is None:
                inputs.pop()
            name = f"Slice_{i}_{np.dtype(kind).name}"
            yield node_case(name, "Slice", [x, *inputs])
            constant = tuple(j + 1 for j, part in enumerate(inputs) if part is not None)
            yield node_case(f"{name}_constant", "Slice", [x, *inputs], constants=constant)
    yield node_case("Slice_opset_7", "Slice", [x], starts=[1, -3], ends=[4, 100], axes=[0, 2],
                    opset=7, expected=[x[1:4, :, -3:]], why=FIRST)
    for dtype in types_of("Compress"):
        name = f"Compress_{dtype.name}"
        x, condition = values_of(name, dtype, 3, 4), np.array([True, False, True])
        yield node_case(name, "Compress", [x, condition], axis=0, expected=[x[[0, 2]]], why=TYPES)
        yield node_case(f"{name}_flat", "Compress", [x, condition], expected=[x.reshape(-1)[[0, 2]]],
                        why=TYPES)
    for dtype in types_of("NonZero"):
        name = f"NonZero_{dtype.name}"
        x = values_of(name, dtype, 3, 4, low=0, high=1)
        wanted = np.stack(np.nonzero(x != "" if dtype == object else x)).astype(np.int64)
        yield node_case(name, "NonZero", [x], expected=[wanted], why=TYPES)
    for dtype in types_of("Unique"):
        if dtype.kind == "c":
            continue
        name = f"Unique_{dtype.name}"
        x = values_of(name, dtype, 9, low=0, high=3)
        wanted = np.unique(x.astype(str if dtype == object else dtype), return_index=True,
                           return_inverse=True, return_counts=True)
        first, *rest = wanted
        yield node_case(name, "Unique", [x], 4,
                        expected=[first.astype(dtype), *(part.astype(np.int64) for part in rest)],
                        why=TYPES)
    x = np.float32([[1, 0, 0], [1, 0, 0], [2, 3, 4]])
    for axis in (None, 0, 1, -1):
        for ordered in (0, 1):
            given = {} if axis is None else {"axis": axis}
            if axis is None and not ordered:
                given = {"expected": [np.float32([1, 0, 2, 3, 4]), np.int64([0, 1, 6, 7, 8]),
                                      np.int64([0, 1, 1, 0, 1, 1, 2, 3, 4]),
                                      np.int64([2, 4, 1, 1, 1])],
                         "why": "the evaluator of onnx refuses it"}
            yield node_case(f"Unique_{axis}_{ordered}", "Unique", [x], 4, sorted=ordered, **given)
    for dtype in types_of("Trilu"):
        name = f"Trilu_{dtype.name}"
        x = values_of(name, dtype, 3, 4)
        if dtype == object:
            wanted = np.where(np.tri(3, 4, -1, bool), "", x)
        else:
            wanted = np.where(np.tri(3, 4, -1, bool), np.zeros((), dtype), x)
        yield node_case(name, "Trilu", [x], expected=[wanted.astype(dtype)], why=TYPES)
    for upper in (0, 1):
        for k in (-9, -1, 0, 2, 9):
            x = values_of("trilu", np.float32, 2, 3, 4)
            yield node_case(f"Trilu_{upper}_{k}", "Trilu", [x, np.int64(k)], upper=upper)


def joining_cases():
    for dtype in types_of("Concat"):
        name = f"Concat_{dtype.name}"
        parts = [values_of(name + str(i), dtype, 2, i + 1) for i in range(3)]
        yield node_case(name, "Concat", parts, axis=1, expected=[np.concatenate(parts, 1)],
                        why=TYPES)
    for axis in (0, 1, 2, -1, -3):
        shapes = [[2, 3, 4] for _ in range(3)]
        for i, shape in enumerate(shapes):
            shape[axis] = 2 * i
        parts = [values_of(f"{axis}{i}", np.float32, *shape) for i, shape in enumerate(shapes)]
        yield node_case(f"Concat_{axis}", "Concat", parts, axis=axis)
    yield node_case("Concat_one", "Concat", parts[:1], axis=0)
    for dtype in types_of("Split"):
        name = f"Split_{dtype.name}"
        x = values_of(name, dtype, 5, 2)
        yield node_case(name, "Split", [x, np.int64([1, 0, 4])], 3, expected=[x[:1], x[1:1], x[1:]],
                        why=TYPES)
    x = values_of("Split", np.float32, 4, 7, 2)
    for axis, sizes in ((0, [2, 2]), (1, [3, 4]), (-1, [2]), (-2, [7, 0])):
        name = "_".join(["Split", str(axis), *map(str, sizes)])
        for constants in ((), (1,)):
            yield node_case(name + "_constant" * bool(constants), "Split", [x, np.int64(sizes)],
                            len(sizes), axis=axis, constants=constants)
        if 0 not in sizes:
            yield node_case(f"{name}_opset_11", "Split", [x], len(sizes), axis=axis, split=sizes,
                            opset=11)
    for count in (2, 3, 4, 7):
        yield node_case(f"Split_{count}", "Split", [x], count, axis=1, num_outputs=count)
    yield node_case("Split_opset_13", "Split", [x], 2, opset=13)
    for dtype in types_of("Where", 1):
        name = f"Where_{dtype.name}"
        a, b = values_of(name, dtype, 3, 4), values_of(name + "b", dtype, 3, 4)
        condition = values_of(name, bool, 3, 4)
        yield node_case(name, "Where", [condition, a, b], expected=[np.where(condition, a, b)],
                        why=TYPES)
    for shapes in (((3, 1), (1, 4), ()), ((), (2, 3), (3,)), ((2, 1, 1), (3, 1), (4,)),
                   ((0,), (1,), ())):
        name = "_".join(["Where", *("x".join(map(str, shape)) for shape in shapes)])
        yield node_case(name, "Where", [np.asarray(values_of(name, bool, *shapes[0])),
                                        *(np.asarray(values_of(name, np.float32, *shape))
                                          for shape in shapes[1:])])


def spreading_cases():
    for dtype in types_of("Tile"):
        name = f"Tile_{dtype.name}"
        x = values_of(name, dtype, 2, 3)
        yield node_case(name, "Tile", [x, np.int64([2, 2])], expected=[np.tile(x, (2, 2))], why=TYPES)
    x = values_of("Tile", np.float32, 2, 1, 3)
    for repeats in ([1, 1, 1], [2, 3, 1], [1, 1, 4], [0, 2, 1]):
        for constants in ((), (1,)):
            name = "_".join(["Tile", *map(str, repeats)]) + "_constant" * bool(constants)
            yield node_case(name, "Tile", [x, np.int64(repeats)], constants=constants)
    for dtype in types_of("Expand"):
        name = f"Expand_{dtype.name}"
        y = values_of(name, dtype, 3, 1)
        yield node_case(name, "Expand", [y, np.int64([2, 1, 4])],
                        expected=[np.broadcast_to(y, (2, 3, 4))], why=TYPES)
    for target in ([2, 1, 3], [2, 5, 3], [1], [4, 1, 5, 1], [2, 0, 3], []):
        for constants in ((), (1,)):
            name = "_".join(["Expand", *map(str, target)]) + "_constant" * bool(constants)
            yield node_case(name, "Expand", [x, np.array(target, np.int64)], constants=constants)
    for dtype in types_of("OneHot", 2):
        name = f"OneHot_{dtype.name}"
        values = values_of(name, dtype, 2)
        indices = np.int64([0, 2, -1, 3])
        hot = np.arange(3) == (indices % 3)[:, None]
        hot[3] = False
        yield node_case(name, "OneHot", [indices, np.int64(3), values],
                        expected=[np.where(hot, values[1], values[0]).astype(dtype)],
                        why="the evaluator of onnx wraps indices that are out of range")
    for dtype in types_of("OneHot"):
        name = f"OneHot_of_{dtype.name}"
        yield node_case(name, "OneHot", [np.array([[0, 2], [1, 1]]).astype(dtype), dtype.type(4),
                                         np.float32([-1, 5])])
    for axis in (0, 1, 2, -1, -3):
        yield node_case(f"OneHot_{axis}", "OneHot",
                        [np.int64([[0, 2, 1], [1, 1, -2]]), np.int64(4), np.float32([0, 1])],
                        axis=axis)
    for dtype in types_of("Pad"):
        name = f"Pad_{dtype.name}"
        y = values_of(name, dtype, 2, 3)
        if dtype == object:
            wanted = np.full((3, 5), "", object)
        else:
            wanted = np.zeros((3, 5), dtype)
        wanted[1:, :3] = y
        yield node_case(name, "Pad", [y, np.int64([1, 0, 0, 2])], expected=[wanted], why=TYPES)
    x = values_of("Pad", np.float32, 3, 4, 5)
    for mode in ("constant", "edge", "reflect", "wrap"):
        for pads in ([0, 1, 2, 0, 3, 1], [2, 0, 0, 1, 0, 4], [0] * 6, [-1, 0, 1, 0, -2, 2]):
            if mode != "constant" and min(pads) < 0:
                continue
            name = "_".join(["Pad", mode, *map(str, pads)])
            for constants in ((), (1,)):
                yield node_case(name + "_constant" * bool(constants), "Pad", [x, np.int64(pads)],
                                mode=mode, constants=constants,
                                **(cropped_pad(x, pads) if min(pads) < 0 else {}))
        for axes in ([1], [-1, 0], [2, 1]):
            for kind in (np.int32, np.int64):
                name = "_".join(["Pad", mode, "axes", *map(str, axes), np.dtype(kind).name])
                yield node_case(name, "Pad", [x, np.int64([1, 2, 0, 1][:2 * len(axes)]), None,
                                              np.array(axes, kind)], mode=mode)
    yield node_case("Pad_value", "Pad", [x, np.int64([1, 0, 0, 0, 0, 1]), np.float32(-7)])
    yield node_case("Pad_opset_7", "Pad", [x], pads=[1, 0, 0, 0, 0, 1], value=3.0, opset=7,
                    expected=[np.pad(x, ((1, 0), (0, 0), (0, 1)), constant_values=3)], why=FIRST)
    yield node_case("Pad_reflect_opset_11", "Pad", [x, np.int64([1, 0, 2, 0, 0, 1])],
                    mode="reflect", opset=11)
    for dtype in types_of("ConstantOfShape", 0):
        yield node_case(f"ConstantOfShape_{dtype.name}", "ConstantOfShape", [np.int64([2, 3])])
    for number, name in NAMES.items():
        if name in ("string", "complex64", "complex128"):
            continue
        constraint = onnx.defs.get_schema("ConstantOfShape").type_constraints[1]
        if f"tensor({name})" not in constraint.allowed_type_strs:
            continue
        dtype = helper.tensor_dtype_to_np_dtype(number)
        value = onnx.numpy_helper.from_array(np.ones(1, dtype))
        yield node_case(f"ConstantOfShape_of_{name}", "ConstantOfShape", [np.int64([2, 3])],
                        value=value, expected=[np.ones((2, 3), dtype)], why=TYPES)
    for shape in ([], [0], [2, 0, 3]):
        yield node_case("_".join(["ConstantOfShape", *map(str, shape)]), "ConstantOfShape",
                        [np.array(shape, np.int64)])
    for dtype in types_of("Range"):
        parts = [np.array(part, dtype) for part in (1, 8, 3)]
        yield node_case(f"Range_{dtype.name}", "Range", parts, expected=[np.array([1, 4, 7], dtype)],
                        why=TYPES)
    for start, limit, delta in ((0, 5, 1), (5, 0, -2), (3, 3, 1), (4, 1, 1), (0, 1, 0.3)):
        parts = [np.float32(part) for part in (start, limit, delta)]
        yield node_case(f"Range_{start}_{limit}_{delta}", "Range", parts)
        yield node_case(f"Range_{start}_{limit}_{delta}_constant", "Range", parts,
                        constants=(0, 1, 2))


def cropped_pad(x, pads):
    """What negative pads take away."""
    begin, end = pads[:x.ndim], pads[x.ndim:]
    padded = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in zip(begin, end)])
    cut = tuple(slice(max(-a, 0), n - max(-b, 0)) for a, b, n in zip(begin, end, padded.shape))
    return {"expected": [padded[cut]], "why": "NumPy refuses negative pads"}


def scatter_cases():
    for dtype in types_of("ScatterElements"):
        name = f"ScatterElements_{dtype.name}"
        x, updates = values_of(name, dtype, 3, 4), values_of(name + "u", dtype, 2, 2)
        indices = np.int64([[0, -1], [2, 1]])
        wanted = x.copy()
        np.put_along_axis(wanted[:2], indices, updates, 1)
        yield node_case(name, "ScatterElements", [x, indices, updates], axis=1, expected=[wanted],
                        why=TYPES)
        name = f"ScatterND_{dtype.name}"
        updates, wanted = values_of(name, dtype, 2, 4), x.copy()
        wanted[[2, 0]] = updates
        yield node_case(name, "ScatterND", [x, np.int64([[-1], [0]]), updates], expected=[wanted],
                        why=TYPES)
    for reduction in ("none", "add", "mul", "min", "max"):
        for axis in (0, 1, 2, -1):
            name = f"ScatterElements_{reduction}_{axis}"
            rng = random(name)
            x = values_of(name, np.float32, 3, 4, 3)
            indices = rng.integers(-3, 3, (2, 3, 2))
            if reduction == "none":
                indices = np.stack([rng.permutation(3)[:2] for _ in range(6)], -1).reshape(2, 3, 2)
                indices = np.moveaxis(indices, 0, axis) if axis == 0 else np.argsort(
                    rng.random((2, 3, 2)), axis)
            updates = values_of(name + "u", np.float32, *indices.shape)
            given = {} if reduction == "none" else {"reduction": reduction}
            yield node_case(name, "ScatterElements", [x, indices, updates], axis=axis, **given)
            if reduction != "none":
                yield node_case(f"{name}_int32", "ScatterElements",
                                [x.astype(np.int32), indices.astype(np.int32),
                                 updates.astype(np.int32)], axis=axis, **given)
        for depth in (1, 2, 3):
            name = f"ScatterND_{reduction}_{depth}"
            rng = random(name)
            x = values_of(name, np.float32, 4, 3, 2)
            indices = np.stack([rng.integers(-n, n, 3) for n in x.shape[:depth]], -1)
            if reduction == "none":
                indices[:, 0] = [2, 0, 3]
            updates = values_of(name + "u", np.float32, 3, *x.shape[depth:])
            given = {} if reduction == "none" else {"reduction": reduction}
            yield node_case(name, "ScatterND", [x, indices, updates], **given)
    x = np.float32([1, 2, 3])
    yield node_case("ScatterElements_nothing", "ScatterElements",
                    [x, np.zeros(0, np.int64), np.zeros(0, np.float32)])
    for opset in (11, 13, 16):
        yield node_case(f"ScatterElements_opset_{opset}", "ScatterElements",
                        [x, np.int64([2]), np.float32([9])], opset=opset)
    yield node_case("Scatter_opset_9", "Scatter", [x, np.int64([2]), np.float32([9])], opset=9,
                    expected=[np.float32([1, 2, 9])], why=FIRST)
    for dtype in types_of("DepthToSpace"):
        for op, shape in (("DepthToSpace", (1, 8, 2, 3)), ("SpaceToDepth", (1, 2, 4, 6))):
            x = values_of(op, dtype, *shape)
            newest = node_case("any", op, [np.arange(x.size).reshape(shape)], blocksize=2)
            order = newest.expected()[0]
            yield node_case(f"{op}_{dtype.name}", op, [x], blocksize=2,
                            expected=[x.reshape(-1)[order]], why=TYPES)
    x = values_of("depth", np.float32, 2, 12, 2, 3)
    yield node_case("DepthToSpace_crd", "DepthToSpace", [x], blocksize=2, mode="CRD")
    yield node_case("DepthToSpace_opset_7", "DepthToSpace", [x], blocksize=2, opset=7,
                    expected=node_case("any", "DepthToSpace", [x], blocksize=2).expected(),
                    why=FIRST)
    for dtype in types_of("CumSum"):
        for exclusive in (0, 1):
            for reverse in (0, 1):
                name = f"CumSum_{dtype.name}_{exclusive}_{reverse}"
                yield node_case(name, "CumSum",
                                [values_of(name, dtype, 2, 4, low=1), np.int64(1)],
                                exclusive=exclusive, reverse=reverse)
    for dtype in types_of("Dropout"):
        x = values_of("Dropout", dtype, 3, 4)
        yield node_case(f"Dropout_{dtype.name}", "Dropout", [x], 2,
                        expected=[x, np.ones((3, 4), bool)], why=TYPES)


TYPES = "NumPy knows what the evaluator of onnx refuses for some types"
FIRST = "the evaluator of onnx lacks the first versions"


def cases():
    for made in (shape_cases, picking_cases, joining_cases, spreading_cases, scatter_cases):
        yield from made()
