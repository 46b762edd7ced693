"""Sampling, resizing and attention: GridSample to FlexAttention."""
import itertools

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper

from reference.case import Case, NEWEST, node_case, random, type_of


def floats(name, *shape, dtype=np.float32):
    return random(name).standard_normal(shape).astype(dtype)


def ints(*values):
    return np.array(values, np.int64)


def computed_wide(name, op, inputs, wide=np.float32, outputs=1, **attributes):
    """The evaluator computes in the narrow type of its inputs; here in a wider one."""
    narrow = inputs[0].dtype
    widened = [value.astype(wide) if value is not None and value.dtype == narrow else value
               for value in inputs]
    made = node_case(name, op, widened, outputs, **attributes).expected()
    made = [value.astype(narrow) if value.dtype == wide else value for value in made]
    return node_case(name, op, inputs, outputs, expected=made,
                     why="the evaluator rounds in between", **attributes)


def cases():
    yield from grid_sample_cases()
    yield from affine_grid_cases()
    yield from roi_align_cases()
    yield from max_roi_pool_cases()
    yield from deform_conv_cases()
    yield from resize_cases()
    yield from upsample_cases()
    yield from non_max_suppression_cases()
    yield from rotary_embedding_cases()
    yield from causal_conv_cases()
    yield from linear_attention_cases()
    yield from attention_cases()
    yield from flex_attention_cases()


def grid_sample_cases():
    places = {1: (5,), 2: (3, 4), 3: (2, 2, 3)}
    for axes, mode, padding, align in itertools.product(
            places, ("linear", "nearest", "cubic"), ("zeros", "border", "reflection"), (0, 1)):
        name = f"grid_sample_{axes}d_{mode}_{padding}_{align}"
        extents = (6, 5, 4)[:axes] if axes > 1 else (7,)
        x = floats(name, 2, 3, *extents)
        grid = random(name + "grid").uniform(-1.7, 1.7, (2, *places[axes], axes))
        yield node_case(name, "GridSample", [x, grid.astype(np.float32)], mode=mode,
                        padding_mode=padding, align_corners=align)
    x = floats("grid_sample", 1, 2, 4, 5)
    grid = random("grid").uniform(-1.2, 1.2, (1, 2, 3, 2)).astype(np.float32)
    for mode in ("bilinear", "nearest", "bicubic"):
        new = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
        expected = node_case("", "GridSample", [x, grid], mode=new).expected()
        yield node_case(f"grid_sample_16_{mode}", "GridSample", [x, grid], opset=16, mode=mode,
                        expected=expected, why="the evaluator knows the new names alone")
    yield node_case("grid_sample_16", "GridSample", [x, grid], opset=16)
    yield node_case("grid_sample_20", "GridSample", [x, grid], opset=20)
    yield node_case("grid_sample_double", "GridSample", [x.astype(np.float64), grid])
    # The evaluator rounds a grid of doubles to float32.
    yield node_case("grid_sample_double_grid", "GridSample", [x, grid.astype(np.float64)])
    for dtype in (np.float16, ml_dtypes.bfloat16):
        yield computed_wide(f"grid_sample_{np.dtype(dtype).name}", "GridSample",
                            [x.astype(dtype), grid])
    yield node_case("grid_sample_half_grid", "GridSample", [x, grid.astype(np.float16)],
                    expected=node_case("", "GridSample", [x, grid.astype(np.float16).astype(
                        np.float32)]).expected(), why="the evaluator rounds in between")
    whole = random("grid_sample_int").integers(-100, 100, (1, 2, 4, 5))
    for dtype in (np.int8, np.int32, np.int64, np.uint8):
        integers = whole.astype(dtype)
        wide = node_case("", "GridSample", [integers.astype(np.float64), grid]).expected()
        yield node_case(f"grid_sample_{np.dtype(dtype).name}", "GridSample", [integers, grid],
                        expected=[np.trunc(wide[0]).astype(dtype)],
                        why="the evaluator rounds the coefficients to integers")
        yield node_case(f"grid_sample_nearest_{np.dtype(dtype).name}", "GridSample",
                        [integers, grid], mode="nearest")
    inside = np.clip(grid, -1, 1)
    for name, elements in (("bool", whole > 0), ("string", whole.astype(str).astype(object)),
                           ("complex64", (whole + 1j * whole[::, ::-1]).astype(np.complex64))):
        yield node_case(f"grid_sample_nearest_{name}", "GridSample", [elements, inside],
                        mode="nearest")
    words = np.array([[["a", "b", "c"]]], object)
    yield node_case("grid_sample_nearest_outside_string", "GridSample",
                    [words, np.array([[[-3], [0], [3]]], np.float32)], mode="nearest",
                    expected=[np.array([[["", "b", ""]]], object)],
                    why="the evaluator puts the number 0 among strings")
    yield node_case("grid_sample_complex", "GridSample",
                    [np.array([[[1 + 2j, 3 - 4j]]], np.complex64),
                     np.array([[[0], [-1], [1]]], np.float32)],
                    expected=[np.array([[[2 - 1j, 0.5 + 1j, 1.5 - 2j]]], np.complex64)],
                    why="the evaluator has no complex coefficients")
    for padding, made in (("zeros", 7), ("border", 7), ("reflection", 7)):
        yield node_case(f"grid_sample_one_element_{padding}", "GridSample",
                        [np.full((1, 1, 1, 1), 7, np.float32), np.zeros((1, 1, 1, 2), np.float32)],
                        padding_mode=padding, align_corners=1,
                        expected=[np.full((1, 1, 1, 1), made, np.float32)],
                        why="the evaluator divides by the 0 between the borders")
    yield node_case("grid_sample_nothing", "GridSample",
                    [floats("x", 1, 2, 3, 3), np.zeros((1, 0, 2, 2), np.float32)],
                    expected=[np.zeros((1, 2, 0, 2), np.float32)],
                    why="the evaluator loses the extents of an empty output")


def affine_grid_cases():
    for align, dtype in itertools.product((0, 1), (np.float32, np.float64, np.float16)):
        for size in (ints(2, 3, 4, 5), ints(2, 1, 3, 2, 4)):
            axes = len(size) - 2
            name = f"affine_grid_{axes}d_{align}_{np.dtype(dtype).name}"
            theta = floats(name, 2, axes, axes + 1)
            expected = node_case("", "AffineGrid", [theta, size], align_corners=align).expected()
            yield node_case(name, "AffineGrid", [theta.astype(dtype), size], align_corners=align,
                            constants=(1,) if dtype == np.float32 else (),
                            expected=[node_case("", "AffineGrid", [theta.astype(dtype).astype(
                                np.float32), size], align_corners=align).expected()[0].astype(dtype)],
                            why="the evaluator makes float32 of all types")
    theta = floats("affine_one", 1, 2, 3)
    yield node_case("affine_grid_one_element", "AffineGrid", [theta, ints(1, 1, 1, 3)])
    yield node_case("affine_grid_one_corner", "AffineGrid", [theta, ints(1, 1, 1, 3)],
                    align_corners=1)


def roi_align_cases():
    x = floats("roi_align", 2, 3, 7, 9)
    regions = np.array([[0.3, 0.2, 5.7, 6.1], [-3, -2, 12, 4], [4, 4, 4.5, 4.25], [5, 3, 2, 1],
                        [20, 20, 30, 30], [0, 0, 0, 0]], np.float32)
    batches = ints(0, 1, 0, 1, 1, 0)
    for mode, coordinates, ratio in itertools.product(
            ("avg", "max"), ("half_pixel", "output_half_pixel"), (0, 1, 2, 5)):
        yield node_case(f"roi_align_{mode}_{coordinates}_{ratio}", "RoiAlign",
                        [x, regions, batches], mode=mode,
                        coordinate_transformation_mode=coordinates, sampling_ratio=ratio,
                        output_height=2, output_width=3, spatial_scale=0.8)
    yield node_case("roi_align", "RoiAlign", [x, regions, batches])
    for opset in (10, 16):
        expected = node_case("", "RoiAlign", [x, regions, batches], output_height=3,
                             coordinate_transformation_mode="output_half_pixel" if opset < 16
                             else "half_pixel").expected()
        yield node_case(f"roi_align_opset_{opset}", "RoiAlign", [x, regions, batches], opset=opset,
                        output_height=3, expected=expected,
                        why="the attribute is of opset 16, and its old meaning is not the default")
    yield node_case("roi_align_double", "RoiAlign",
                    [x.astype(np.float64), regions.astype(np.float64), batches], output_width=2)
    yield computed_wide("roi_align_half", "RoiAlign",
                        [x.astype(np.float16), regions.astype(np.float16), batches],
                        output_height=2)
    yield node_case("roi_align_none", "RoiAlign",
                    [x, np.zeros((0, 4), np.float32), np.zeros(0, np.int64)])
    yield node_case("roi_align_empty_image", "RoiAlign",
                    [np.zeros((1, 2, 0, 3), np.float32), regions[:1], batches[:1]],
                    expected=[np.zeros((1, 2, 1, 1), np.float32)],
                    why="the evaluator reads an element that is not there")


def max_roi_pool(x, regions, pooled, scale):
    """As in Fast R-CNN."""
    made = np.zeros((len(regions), x.shape[1], *pooled), x.dtype)
    number = x.dtype.type

    def away(value):
        return int(np.floor(abs(value) + number(0.5)) * np.sign(value))

    for r, (batch, *places) in enumerate(regions):
        left, top, right, bottom = (away(number(place) * number(scale)) for place in places)
        spans = []
        for begin, end, count, extent in ((top, bottom, pooled[0], x.shape[2]),
                                          (left, right, pooled[1], x.shape[3])):
            bin_extent = number(max(end - begin + 1, 1)) / number(count)
            spans.append([(np.clip(begin + int(np.floor(number(i) * bin_extent)), 0, extent),
                           np.clip(begin + int(np.ceil(number(i + 1) * bin_extent)), 0, extent))
                          for i in range(count)])
        for (i, (y0, y1)), (j, (x0, x1)) in itertools.product(*map(enumerate, spans)):
            window = x[int(batch), :, y0:y1, x0:x1]
            if window.size:
                made[r, :, i, j] = window.max(axis=(1, 2))
    return made


def max_roi_pool_cases():
    regions = np.array([[0, 1, 1, 6, 5], [1, -3, 0, 20, 4], [1, 2.5, 3.5, 2.4, 1], [0, 30, 30, 40, 40]],
                       np.float32)
    for dtype, scale, pooled in itertools.product((np.float32, np.float64), (1.0, 0.5),
                                                  ((1, 1), (2, 3), (7, 4))):
        name = f"max_roi_pool_{np.dtype(dtype).name}_{scale}_{pooled[0]}x{pooled[1]}"
        x = floats(name, 2, 3, 6, 8, dtype=dtype)
        yield node_case(name, "MaxRoiPool", [x, regions.astype(dtype)], pooled_shape=pooled,
                        spatial_scale=scale, expected=[max_roi_pool(x, regions, pooled, scale)],
                        why="the evaluator lacks the operator")
    half = floats("max_roi_pool_half", 2, 3, 6, 8, dtype=np.float16)
    for opset in (22, None):
        yield node_case(f"max_roi_pool_half_{opset}", "MaxRoiPool", [half, regions.astype(np.float16)],
                        pooled_shape=(2, 2), opset=opset,
                        expected=[max_roi_pool(half.astype(np.float32), regions, (2, 2),
                                               1.0).astype(np.float16)],
                        why="the evaluator lacks the operator")
    x = floats("max_roi_pool_1", 2, 3, 6, 8)
    yield node_case("max_roi_pool_opset_7", "MaxRoiPool", [x, regions], pooled_shape=(3, 3), opset=7,
                    expected=[max_roi_pool(x, regions, (3, 3), 1.0)],
                    why="the evaluator lacks the operator")


def deform_conv(x, w, offset, bias=None, mask=None, strides=None, pads=None, dilations=None,
                group=1, offset_group=1):
    """The definition, over any number of spatial axes."""
    axes = x.ndim - 2
    strides, dilations, pads = strides or [1] * axes, dilations or [1] * axes, pads or [0] * 2 * axes
    n, channels = x.shape[:2]
    kernel = w.shape[2:]
    taps = int(np.prod(kernel))
    offset = offset.reshape(n, offset_group, taps, axes, *offset.shape[2:])
    out = offset.shape[4:]
    if mask is not None:
        mask = mask.reshape(n, offset_group, taps, *out)
    made = np.zeros((n, w.shape[0], *out))

    def sample(image, place):
        corner = np.floor(place).astype(int)
        total = 0
        for move in itertools.product((0, 1), repeat=axes):
            at = corner + move
            if all(0 <= at) and all(at < image.shape):
                total += image[tuple(at)] * np.prod(1 - np.abs(place - at))
        return total

    for b, m, place in itertools.product(range(n), range(w.shape[0]), np.ndindex(*out)):
        total = 0 if bias is None else bias[m]
        for c in range(w.shape[1]):
            channel = m // (w.shape[0] // group) * w.shape[1] + c
            own = channel // (channels // offset_group)
            for t, tap in enumerate(np.ndindex(*kernel)):
                at = (np.array(place) * strides - pads[:axes] + np.array(tap) * dilations
                      + offset[(b, own, t, slice(None), *place)])
                factor = 1 if mask is None else mask[(b, own, t, *place)]
                total += w[(m, c, *tap)] * factor * sample(x[b, channel], at)
        made[(b, m, *place)] = total
    return made


def deform_conv_cases():
    def case(name, shape, weights, out, optional=(), dtype=np.float32, opset=None, own=False,
             **attributes):
        axes = len(out)
        taps = int(np.prod(weights[2:])) * attributes.get("offset_group", 1)
        x, w = floats(name, *shape), floats(name + "w", *weights)
        offset = floats(name + "o", shape[0], taps * axes, *out)
        bias = floats(name + "b", weights[0]) if "bias" in optional else None
        mask = floats(name + "m", shape[0], taps, *out) if "mask" in optional else None
        inputs = [None if v is None else v.astype(dtype) for v in (x, w, offset, bias, mask)]
        while inputs[-1] is None:
            inputs.pop()
        extra = {}
        if own:
            wide = [None if v is None else v.astype(np.float64) for v in inputs]
            known = {k: v for k, v in attributes.items() if k != "kernel_shape"}
            extra = {"expected": [deform_conv(*wide, **known).astype(dtype)],
                     "why": "the evaluator has two spatial axes alone, and divides by extents less 1"}
        return node_case(name, "DeformConv", inputs, opset=opset, **extra, **attributes)

    yield case("deform_conv", (1, 2, 5, 6), (3, 2, 3, 2), (3, 5))
    yield case("deform_conv_all", (2, 4, 5, 6), (4, 2, 3, 2), (3, 3), ("bias", "mask"), group=2,
               offset_group=2, strides=[2, 2], pads=[1, 0, 1, 2], dilations=[1, 2],
               kernel_shape=[3, 2])
    yield case("deform_conv_mask", (1, 4, 4, 4), (2, 4, 2, 2), (3, 3), ("mask",), offset_group=4)
    yield case("deform_conv_bias_19", (1, 2, 4, 4), (2, 1, 2, 2), (3, 3), ("bias",), group=2,
               opset=19)
    yield case("deform_conv_double", (1, 2, 4, 4), (2, 2, 2, 2), (5, 5), ("bias", "mask"),
               dtype=np.float64, pads=[1, 1, 1, 1])
    yield case("deform_conv_half", (1, 2, 4, 4), (2, 2, 2, 2), (3, 3), dtype=np.float16, own=True)
    yield case("deform_conv_1d", (2, 3, 7), (2, 3, 3), (3,), ("bias", "mask"), own=True,
               strides=[2])
    yield case("deform_conv_3d", (1, 2, 3, 4, 3), (2, 1, 2, 2, 2), (2, 3, 2), ("mask",), own=True,
               group=2, offset_group=2)
    yield case("deform_conv_one_row", (1, 1, 1, 4), (1, 1, 1, 2), (1, 3), own=True)
    yield case("deform_conv_no_batch", (0, 2, 4, 4), (2, 2, 2, 2), (3, 3))


def resize_case(name, x, roi=None, scales=None, sizes=None, **attributes):
    scales = None if scales is None else np.array(scales, np.float32)
    sizes = None if sizes is None else np.array(sizes, np.int64)
    inputs = [x, None if roi is None else np.array(roi, np.float32), scales, sizes]
    while inputs[-1] is None:
        inputs.pop()
    expected, why = attributes.pop("expected", None), attributes.pop("why", None)
    return node_case(name, "Resize", inputs, constants=attributes.pop("constants", ()),
                     opset=attributes.pop("opset", None), expected=expected, why=why, **attributes)


COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
               "asymmetric")
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


def resize_cases():
    x = floats("resize", 1, 2, 5, 4) + 3
    how = {"up": {"scales": [1, 1, 2, 3]}, "down": {"scales": [1, 1, 0.6, 0.5]},
           "odd": {"scales": [1, 1, 1.7, 0.8]}, "sizes": {"sizes": [1, 2, 7, 3]},
           "far": {"sizes": [1, 2, 2, 11]}}
    for coordinates, (kind, operands) in itertools.product(COORDINATES, how.items()):
        common = {"coordinate_transformation_mode": coordinates, **operands}
        for rounding in ROUNDINGS:
            yield resize_case(f"resize_nearest_{coordinates}_{kind}_{rounding}", x, mode="nearest",
                              nearest_mode=rounding, **common)
        for mode, antialias, exclude in itertools.product(("linear", "cubic"), (0, 1), (0, 1)):
            yield resize_case(f"resize_{mode}_{coordinates}_{kind}_{antialias}{exclude}", x,
                              mode=mode, antialias=antialias, exclude_outside=exclude, **common)
    yield resize_case("resize_cubic_a", x, scales=[1, 1, 2, 0.7], mode="cubic", cubic_coeff_a=-0.5)
    crop = {"coordinate_transformation_mode": "tf_crop_and_resize"}
    for mode, (name, roi) in itertools.product(
            ("nearest", "linear", "cubic"),
            (("inside", [0, 0, 0.2, 0.1, 1, 1, 0.7, 0.9]), ("beyond", [0, 0, -0.4, 0.5, 1, 1, 0.8, 1.4]),
             ("flipped", [0, 0, 0.9, 0.8, 1, 1, 0.1, 0.2]))):
        yield resize_case(f"resize_crop_{mode}_{name}", x, roi=roi, sizes=[1, 2, 3, 6], mode=mode,
                          extrapolation_value=9.5, **crop)
    yield resize_case("resize_crop_axes", x, roi=[0.2, -0.3, 0.9, 1.1], sizes=[6, 3], axes=[3, 2],
                      mode="linear", extrapolation_value=-2.0, **crop)
    for policy, mode in itertools.product(("not_larger", "not_smaller", "stretch"),
                                          ("nearest", "linear")):
        yield resize_case(f"resize_{policy}_{mode}", x, sizes=[9, 6], axes=[2, 3], mode=mode,
                          keep_aspect_ratio_policy=policy)
        yield resize_case(f"resize_{policy}_{mode}_small", x, sizes=[3, 2], axes=[-1, -2], mode=mode,
                          keep_aspect_ratio_policy=policy, **negative_axes(x, [3, 2], policy, mode))
    for shape, operands in (((7,), {"scales": [1.6]}), ((3, 4, 5), {"sizes": [5, 2, 6]}),
                            ((2, 1, 3, 4, 3), {"scales": [1, 1, 2, 0.5, 1.4]}),
                            ((2, 3, 4), {"scales": [2.5], "axes": [1]})):
        for mode in ("nearest", "linear", "cubic"):
            name = f"resize_{mode}_{'x'.join(map(str, shape))}_{'axes' in operands}"
            yield resize_case(name, floats(name, *shape), mode=mode, **operands)
    wide = random("resize_types").integers(0, 256, (1, 1, 4, 5))
    for dtype in (np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint32, np.float64):
        for mode in ("nearest", "linear", "cubic"):
            given = wide.astype(dtype)
            yield resize_case(f"resize_{mode}_{np.dtype(dtype).name}", given, scales=[1, 1, 1.7, 2],
                              mode=mode)


    for kind, given in (("bool", x > 3), ("half", x.astype(np.float16)),
                        ("string", x.astype("U4").astype(object)),
                        ("complex", (x + 1j * x).astype(np.complex64))):
        moved = resize_case("", np.arange(40).reshape(x.shape).astype(np.float32),
                            scales=[1, 1, 1.5, 0.5]).expected()[0].astype(int)
        yield resize_case(f"resize_nearest_{kind}", given, scales=[1, 1, 1.5, 0.5],
                          expected=[given.flatten()[moved.flatten()].reshape(moved.shape)],
                          why="the evaluator computes with all elements")
    half = floats("resize half", 2, 3, 4).astype(np.float16) + np.float16(3)
    bfloat = half.astype(ml_dtypes.bfloat16)
    for mode in ("linear", "cubic"):
        for given in (half, bfloat):
            made = resize_case("", given.astype(np.float32), sizes=[2, 5, 3], mode=mode).expected()
            yield resize_case(f"resize_{mode}_{given.dtype.name}", given, sizes=[2, 5, 3], mode=mode,
                              expected=[made[0].astype(given.dtype)],
                              why="the evaluator need not know half precision")
    yield resize_case("resize_linear_complex", np.array([1 + 2j, 3 - 2j], np.complex64),
                      scales=[1.5], mode="linear", coordinate_transformation_mode="align_corners",
                      expected=[np.array([1 + 2j, 2, 3 - 2j], np.complex64)],
                      why="the evaluator makes real numbers of complex ones")
    yield resize_case("resize_linear_bool", np.array([True, False, False]), sizes=[4], mode="linear",
                      expected=[np.array([True, False, False, False])],
                      why="the evaluator cannot make bools of numbers")
    yield resize_case("resize_pytorch_one", x, sizes=[1, 1], axes=[2, 3], mode="linear",
                      coordinate_transformation_mode="pytorch_half_pixel", expected=[x[:, :, :1, :1]],
                      why="the evaluator takes -0.5 for 0")
    for roi_type in (np.float16, np.float64):
        roi = np.array([0.25, 0.0, 0.75, 1.0], roi_type)
        yield node_case(f"resize_roi_{np.dtype(roi_type).name}", "Resize",
                        [x, roi, None, ints(5, 3)], axes=[2, 3], mode="linear",
                        coordinate_transformation_mode="tf_crop_and_resize")
    sizes = ints(1, 2, 7, 3)
    nothing = np.zeros(0, np.float32)
    for opset in (11, 13, 18):
        for mode in ("nearest", "linear", "cubic"):
            yield node_case(f"resize_{mode}_opset_{opset}", "Resize", [x, nothing, nothing, sizes],
                            opset=opset, mode=mode, constants=(2,) if opset == 11 else (),
                            expected=resize_case("", x, sizes=sizes, mode=mode).expected(),
                            why="the evaluator takes scales that are empty for given")
    yield node_case("resize_opset_10", "Resize", [x, np.array([1, 1, 2, 3], np.float32)], opset=10,
                    constants=(1,), expected=[x.repeat(2, axis=2).repeat(3, axis=3)],
                    why="the evaluator knows no Resize of two inputs")


def negative_axes(x, sizes, policy, mode):
    expected = resize_case("", x, sizes=sizes, axes=[3, 2], mode=mode,
                           keep_aspect_ratio_policy=policy).expected()
    return {"expected": expected, "why": "the evaluator takes negative axes for others"}


def upsample_cases():
    x = floats("upsample", 1, 2, 3, 4)
    for opset in (7, 9):
        scales = np.array([1, 1, 2, 3], np.float32)
        inputs = [x] if opset == 7 else [x, scales]
        extra = {"scales": scales.tolist()} if opset == 7 else {}
        nearest = x.repeat(2, axis=2).repeat(3, axis=3)
        yield node_case(f"upsample_{opset}_nearest", "Upsample", inputs, opset=opset, mode="nearest",
                        constants=(1,), expected=[nearest],
                        why="the evaluator knows opset 9 alone", **extra)
        linear = resize_case("", x, scales=scales, mode="linear",
                             coordinate_transformation_mode="asymmetric").expected()
        yield node_case(f"upsample_{opset}_linear", "Upsample", inputs, opset=opset, mode="linear",
                        constants=(1,), expected=linear,
                        why="the evaluator knows nearest elements alone", **extra)
    for mode, expected in (("nearest", [nearest]), ("bilinear", linear)):
        yield node_case(f"upsample_1_{mode}", "Upsample", [x], opset=6, mode=mode, height_scale=2.0,
                        width_scale=3.0, expected=expected,
                        why="the evaluator knows opset 9 alone")
    yield node_case("upsample_9_at_run_time", "Upsample", [x, scales], opset=9)


def non_max_suppression_cases():
    boxes = random("nms").uniform(0, 6, (2, 12, 4)).astype(np.float32)
    scores = random("nms scores").uniform(0, 1, (2, 3, 12)).astype(np.float32)
    limit, iou, score = ints(4), np.float32(0.3).reshape(1), np.float32(0.2).reshape(1)
    yield node_case("nms", "NonMaxSuppression", [boxes, scores, limit, iou, score])
    yield node_case("nms_center", "NonMaxSuppression", [boxes, scores, limit, iou],
                    center_point_box=1)
    yield node_case("nms_limit", "NonMaxSuppression", [boxes, scores, ints(2), np.zeros(1, np.float32)])
    yield node_case("nms_opset_10", "NonMaxSuppression", [boxes, scores, limit, iou, score],
                    opset=10)


def rotary_embedding_cases():
    for rank, interleaved, rotated, positions in itertools.product((3, 4), (0, 1), (0, 4), (0, 1)):
        name = f"rotary_{rank}d_{interleaved}_{rotated}_{positions}"
        x = floats(name, 2, 3, 4, 8)  # batch, heads, sequence, size
        if rank == 3:
            x = x.transpose(0, 2, 1, 3).reshape(2, 4, 24)
        angles = floats(name + "a", *((10,) if positions else (2, 4)), (rotated or 8) // 2)
        inputs = [x, np.cos(angles), np.sin(angles)]
        if positions:
            inputs.append(random(name).integers(0, 10, (2, 4)))
        extra = {"num_heads": 3} if rank == 3 else {}
        yield node_case(name, "RotaryEmbedding", inputs, interleaved=interleaved,
                        rotary_embedding_dim=rotated, **extra)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        yield computed_wide(f"rotary_{np.dtype(dtype).name}", "RotaryEmbedding",
                            [value.astype(dtype) for value in inputs[:3]] + inputs[3:],
                            rotary_embedding_dim=4)
    yield node_case("rotary_23", "RotaryEmbedding", inputs, opset=23, rotary_embedding_dim=4)


def causal_conv_cases():
    x, past = floats("causal", 2, 3, 5), floats("causal past", 2, 3, 3)
    w, bias = floats("causal w", 3, 1, 4), floats("causal b", 3)
    for name, inputs in (("", [x, w]), ("_bias", [x, w, bias]), ("_past", [x, w, None, past]),
                         ("_all", [x, w, bias, past]), ("_short", [x[:, :, :2], w, bias, past]),
                         ("_one", [x[:, :, :1], w]), ("_kernel_1", [x, w[:, :, :1], bias])):
        for activation in ("none", "silu", "swish"):
            yield node_case(f"causal_conv{name}_{activation}", "CausalConvWithState", inputs, 2,
                            activation=activation)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        yield computed_wide(f"causal_conv_{np.dtype(dtype).name}", "CausalConvWithState",
                            [value.astype(dtype) for value in (x, w, bias, past)], outputs=2)
    yield node_case("causal_conv_nothing", "CausalConvWithState", [x[:, :, :0], w, bias, past], 2,
                    expected=[x[:, :, :0], past], why="the evaluator cannot convolve nothing")


def linear_attention_cases():
    for rule, heads, given in itertools.product(("linear", "gated", "delta", "gated_delta"),
                                                ((2, 2), (4, 2), (3, 1)), ("", "past")):
        q_heads, heads = heads
        name = f"linear_attention_{rule}_{q_heads}_{heads}_{given}"
        query, key = floats(name, 2, 4, q_heads * 3), floats(name + "k", 2, 4, heads * 3) / 2
        value, past = floats(name + "v", 2, 4, heads * 5), floats(name + "p", 2, heads, 3, 5)
        for each in ((0, 1) if "gated" in rule else (0,)):
            decay = -np.abs(floats(name + "d", 2, 4, heads * (3 if each else 1)))
            beta = random(name).uniform(0, 1, (2, 4, heads if each else 1)).astype(np.float32)
            inputs = [query, key, value, past if given else None,
                      decay if "gated" in rule else None, beta if "delta" in rule else None]
            while inputs[-1] is None:
                inputs.pop()
            yield node_case(f"{name}_{each}", "LinearAttention", inputs, 2, q_num_heads=q_heads,
                            kv_num_heads=heads, update_rule=rule,
                            **({"scale": 0.25, "chunk_size": 2} if given else {}))
    inputs = [query, key, value, past, decay, beta]
    for dtype in (np.float16, ml_dtypes.bfloat16):
        # A state of another type than all else.
        mixed = [value if i == 3 else value.astype(dtype) for i, value in enumerate(inputs)]
        yield node_case(f"linear_attention_{np.dtype(dtype).name}", "LinearAttention", mixed, 2,
                        q_num_heads=3, kv_num_heads=1)
        yield node_case(f"linear_attention_no_state_{np.dtype(dtype).name}", "LinearAttention",
                        [*mixed[:3], None, *mixed[4:]], 2, q_num_heads=3, kv_num_heads=1)
    yield node_case("linear_attention_no_steps", "LinearAttention",
                    [value if i == 3 else value[:, :0] for i, value in enumerate(inputs)], 2,
                    q_num_heads=3, kv_num_heads=1)


ATTENTION_OUTPUTS = ["y", "present_key", "present_value", "qk"]


def attention_cases():
    q, k, v = (floats(f"attention {n}", 2, heads, length, size) for n, heads, length, size in
               (("q", 4, 3, 6), ("k", 2, 5, 6), ("v", 2, 5, 7)))
    past_k, past_v = floats("attention pk", 2, 2, 4, 6), floats("attention pv", 2, 2, 4, 7)
    packed = [value.transpose(0, 2, 1, 3).reshape(2, value.shape[2], -1) for value in (q, k, v)]
    heads = {"q_num_heads": 4, "kv_num_heads": 2}
    valid = ints(2, 5)
    everything = {"": {}, "causal": {"is_causal": 1}, "left": {"left_window_size": 1},
                  "right": {"right_window_size": 1}, "window": {
                      "left_window_size": 2, "right_window_size": 0, "is_causal": 1},
                  "softcap": {"softcap": 0.7, "qk_matmul_output_mode": 1}, "scale": {"scale": 0.3}}
    for (kind, options), cache in itertools.product(everything.items(), ("", "past", "valid")):
        keys = 9 if cache == "past" else 5
        masks = {"": None, "bool": random(kind).uniform(size=(3, keys)) < 0.7,
                 "float": floats(kind, 2, 4, 3, keys), "heads": floats(kind + "h", 4, 1, keys),
                 "batch": random(kind).uniform(size=(2, 1, 1, keys)) < 0.6,
                 "short": floats(kind + "s", 3, keys - 1)}
        if cache == "valid":
            masks["short"] = floats(kind + "s", 2, 1, 3, 5)
        for name, mask in masks.items():
            extra = ([past_k, past_v] if cache == "past" else [None, None, valid]
                     if cache == "valid" else [])
            inputs = [q, k, v, mask, *extra]
            while inputs[-1] is None:
                inputs.pop()
            outputs = ATTENTION_OUTPUTS if cache != "valid" else 1
            extra = {}
            if "is_causal" in options and name in ("heads", "batch"):
                full = np.broadcast_to(mask, (*mask.shape[:-2], 3, keys))
                extra = {"expected": node_case("", "Attention", [q, k, v, full, *inputs[4:]],
                                               outputs, **options).expected(),
                         "why": "the evaluator takes the mask's one row for the only query"}
            yield node_case(f"attention_{kind}_{cache}_{name}", "Attention", inputs, outputs,
                            **options, **extra)
    for mode in range(4):
        yield node_case(f"attention_shows_{mode}", "Attention",
                        [q, k, v, random("m").uniform(size=(3, 5)) < 0.5], ["y", "", "", "qk"],
                        qk_matmul_output_mode=mode, is_causal=1)
        yield node_case(f"attention_packed_{mode}", "Attention",
                        [*packed, None, past_k, past_v], ATTENTION_OUTPUTS, is_causal=1,
                        qk_matmul_output_mode=mode, **heads)
    raw = node_case("", "Attention", [q, k, v], ["y", "", "", "qk"]).expected()[1]
    yield node_case("attention_raw_products", "Attention", [q, k, v], ["y", "", "", "qk"],
                    softcap=0.5, expected=[node_case("", "Attention", [q, k, v],
                                                     softcap=0.5).expected()[0], raw],
                    why="the evaluator shows capped products in mode 0")
    nothing = np.zeros((3, 5), bool)
    nothing[1, 2] = True
    for mode in (2, 3):
        yield node_case(f"attention_hidden_rows_{mode}", "Attention", [q, k, v, nothing],
                        ["y", "", "", "qk"], qk_matmul_output_mode=mode)
    yield node_case("attention_integer_mask", "Attention",
                    [q, k, v, random("i").integers(-3, 3, (3, 5))])
    yield node_case("attention_one_head_of_keys", "Attention", [q, k[:, :1], v[:, :1]])
    yield node_case("attention_packed", "Attention", packed, **heads)
    yield node_case("attention_packed_mask", "Attention",
                    [*packed, np.tril(np.ones((3, 5), bool))], **heads)
    for opset in (23, 24):
        yield node_case(f"attention_{opset}", "Attention", [q, k, v, None, past_k, past_v], 3,
                        opset=opset, is_causal=1)
        yield node_case(f"attention_{opset}_heads", "Attention", [q, k, v], opset=opset, **heads)
    yield node_case("attention_24_valid", "Attention", [q, k, v, None, None, None, valid], opset=24,
                    is_causal=1)
    for precision in (TensorProto.FLOAT, TensorProto.DOUBLE):
        yield node_case(f"attention_precision_{precision}", "Attention", [q, k, v],
                        softmax_precision=precision)
    for precision, dtype in ((TensorProto.FLOAT16, np.float16),
                             (TensorProto.BFLOAT16, ml_dtypes.bfloat16)):
        probabilities = np.exp(raw.astype(dtype).astype(np.float64))
        probabilities /= probabilities.sum(axis=-1, keepdims=True)
        made = probabilities.astype(dtype).astype(np.float32) @ v.repeat(2, axis=1)
        yield node_case(f"attention_precision_{precision}", "Attention", [q, k, v],
                        softmax_precision=precision, expected=[made],
                        why="the evaluator rounds within softmax too")
    doubles = [value.astype(np.float64) for value in (q, k, v)]
    yield node_case("attention_double", "Attention", doubles)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        yield computed_wide(f"attention_{np.dtype(dtype).name}", "Attention",
                            [value.astype(dtype) for value in (q, k, v)], outputs=["y"])
        yield node_case(f"attention_values_of_{np.dtype(dtype).name}", "Attention",
                        [q, k, v.astype(dtype)], 3,
                        expected=[node_case("", "Attention", [q, k, v.astype(dtype).astype(
                            np.float32)]).expected()[0], k, v.astype(dtype)],
                        why="the evaluator gives Y another type than Q")
    yield node_case("attention_no_keys", "Attention", [q, k[:, :, :0], v[:, :, :0]],
                    expected=[np.zeros((2, 4, 3, 7), np.float32)],
                    why="the evaluator asks for the largest of nothing")


def modifier(build, name, extents):
    """A graph with one input `s` and the output `t` that `build` makes nodes for."""
    nodes, constants = build
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, extents) for n in ("s", "t")]
    return helper.make_graph(nodes, name, info[:1], info[1:], constants)


def flex_attention_cases():
    q, k, v = (floats(f"flex {n}", 2, heads, length, size) for n, heads, length, size in
               (("q", 4, 3, 6), ("k", 2, 5, 6), ("v", 2, 5, 7)))
    extents = (2, 4, 3, 5)
    cap = modifier(([helper.make_node("Tanh", ["s"], ["t"])], []), "cap", extents)
    mask = np.where(np.tril(np.ones((3, 5))) > 0, 0, -np.inf).astype(np.float32)
    hide = modifier(([helper.make_node("Add", ["s", "mask"], ["t"])],
                     [helper.make_tensor("mask", TensorProto.FLOAT, (3, 5), mask.flatten())]),
                    "hide", extents)
    half = modifier(([helper.make_node("Mul", ["s", "half"], ["t"])],
                     [helper.make_tensor("half", TensorProto.FLOAT, (), [0.5])]), "half", extents)
    for name, options in (("", {}), ("_scale", {"scale": 0.7}), ("_score", {"score_mod": cap}),
                          ("_mask", {"score_mod": hide}), ("_prob", {"prob_mod": half}),
                          ("_both", {"score_mod": cap, "prob_mod": half})):
        yield node_case(f"flex_attention{name}", "FlexAttention", [q, k, v],
                        domain="ai.onnx.preview", **options)
    yield node_case("flex_attention_double", "FlexAttention",
                    [value.astype(np.float64) for value in (q, k, v)], domain="ai.onnx.preview",
                    softmax_precision=TensorProto.FLOAT)
    yield computed_wide("flex_attention_half", "FlexAttention",
                        [value.astype(np.float16) for value in (q, k, v)], score_mod=hide,
                        domain="ai.onnx.preview")
