"""Sequences, optionals, Scan, and strings."""
import numpy as np
import onnx
from onnx import TensorProto, helper

from .case import NEWEST, Case, node_case, random

KINDS = (np.float32, np.float64, np.float16, np.int8, np.uint16, np.int32, np.int64, np.uint64,
         np.bool_, np.complex64, object)


def tensor(kind, shape=None):
    number = (TensorProto.STRING if kind is object
              else helper.np_dtype_to_tensor_dtype(np.dtype(kind)))
    return helper.make_tensor_type_proto(number, shape)


def sequence(kind):
    return helper.make_sequence_type_proto(tensor(kind))


def optional(element):
    return helper.make_optional_type_proto(element)


def values(numbers, kind, *shape):
    if kind is object:
        return numbers.integers(0, 99, shape).astype(str).astype(object)
    if np.dtype(kind).kind == "c":
        return (numbers.normal(size=shape) + 1j * numbers.normal(size=shape)).astype(kind)
    return (numbers.normal(size=shape) * 10).astype(kind)


def of(kind, *extents):
    numbers = random(f"{kind} {extents}")
    return [values(numbers, kind, extent, 3) for extent in extents]


def texts(*items):
    return np.array(items, dtype=object)


def model_case(name, nodes, inputs, outputs, given, expected=None, why=None, opset=NEWEST[""],
               initializers=()):
    """`inputs` and `outputs` are pairs of a name and a TypeProto."""
    graph = helper.make_graph(nodes, name, [helper.make_value_info(*pair) for pair in inputs],
                              [helper.make_value_info(*pair) for pair in outputs],
                              list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = onnx.IR_VERSION
    return Case(name, model, given, expected, why)


def sequences():
    for kind in KINDS:
        word = "string" if kind is object else np.dtype(kind).name
        xs = of(kind, 2, 0, 4)
        kept = sequence(kind)
        yield node_case(f"sequence_construct_{word}", "SequenceConstruct", xs, output_types=[kept],
                        expected=[xs], why="the evaluator gives an array where shapes are equal")
        yield node_case(f"sequence_at_{word}", "SequenceAt", [xs, np.int64(1)])
        yield node_case(f"sequence_insert_{word}", "SequenceInsert",
                        [xs, values(random(word), kind, 5), np.int64(1)], output_types=[kept])
    xs = of(np.float32, 1, 2, 3)
    kept = sequence(np.float32)
    one = xs[0]
    for position in (-3, -1, 0, 2):
        yield node_case(f"sequence_at_{position}", "SequenceAt", [xs, np.int32(position)])
        yield node_case(f"sequence_erase_{position}", "SequenceErase", [xs, np.int64(position)],
                        output_types=[kept])
    yield node_case("sequence_at_vector", "SequenceAt", [xs, np.array([1])], expected=[xs[1]],
                    why="a vector of one is no list of positions")
    yield node_case("sequence_at_constant", "SequenceAt", [xs, np.int64(-2)], constants={1})
    yield node_case("sequence_erase_last", "SequenceErase", [xs], output_types=[kept])
    yield node_case("sequence_insert_last", "SequenceInsert", [xs, one], output_types=[kept])
    for position in (-3, -1, 0, 2):
        yield node_case(f"sequence_insert_{position}", "SequenceInsert",
                        [xs, one, np.int64(position)], output_types=[kept])
    yield node_case("sequence_insert_behind", "SequenceInsert", [xs, one, np.int64(3)],
                    output_types=[kept], expected=[[*xs, one]],
                    why="the evaluator takes the position modulo the length")
    yield node_case("sequence_construct_one", "SequenceConstruct", [one], output_types=[kept])
    yield node_case("sequence_length", "SequenceLength", [xs])
    for kind in KINDS:
        word = "string" if kind is object else np.dtype(kind).name
        yield node_case(f"sequence_empty_{word}", "SequenceEmpty", [], dtype=tensor(kind).tensor_type.elem_type,
                        output_types=[sequence(kind)])
    yield node_case("sequence_empty", "SequenceEmpty", [], output_types=[kept])
    yield model_case(
        "sequence_of_computed_halves",
        [helper.make_node("Add", ["x", "x"], ["twice"]),
         helper.make_node("SequenceConstruct", ["twice", "x"], ["xs"]),
         helper.make_node("SequenceInsert", ["xs", "twice"], ["ys"]),
         helper.make_node("SequenceAt", ["ys", "last"], ["y"])],
        [("x", tensor(np.float16, [3])), ("last", tensor(np.int64, []))],
        [("y", tensor(np.float16, [3])), ("ys", sequence(np.float16))],
        [np.array([1, 2, 3], np.float16), np.int64(-1)])
    yield model_case(
        "sequence_of_constants",
        [helper.make_node("SequenceConstruct", ["c", "c"], ["xs"]),
         helper.make_node("SequenceInsert", ["xs", "x"], ["ys"]),
         helper.make_node("SequenceLength", ["ys"], ["y"]),
         helper.make_node("ConcatFromSequence", ["ys"], ["z"], axis=0)],
        [("x", tensor(np.float32, [3]))],
        [("y", tensor(np.int64, [])), ("z", tensor(np.float32, None))],
        [np.array([1, 2, 3], np.float32)],
        initializers=[onnx.numpy_helper.from_array(np.array([7, 8], np.float32), "c")])


def splits():
    for kind in (np.float32, np.float16, np.int8, np.bool_, np.complex64, object):
        word = "string" if kind is object else np.dtype(kind).name
        x = values(random(f"split {word}"), kind, 4, 6)
        yield node_case(f"split_to_sequence_{word}", "SplitToSequence", [x, np.array([1, 0, 3])],
                        output_types=[sequence(kind)])
    x = random("split").normal(size=(4, 6)).astype(np.float32)
    kept = [sequence(np.float32)]
    for keepdims in (0, 1):
        for axis in (0, 1, -1):
            name = f"split_to_sequence_{axis}_{keepdims}"
            yield node_case(name, "SplitToSequence", [x], axis=axis, keepdims=keepdims,
                            output_types=kept)
            yield node_case(f"{name}_by", "SplitToSequence", [x, np.int32(4)], axis=axis,
                            keepdims=keepdims, output_types=kept)
    yield node_case("split_to_sequence_constant", "SplitToSequence", [x, np.array([2, 4])], axis=1,
                    constants={1}, output_types=kept)
    yield node_case("split_to_sequence_larger", "SplitToSequence", [x, np.int64(9)],
                    output_types=kept)
    yield node_case("split_to_sequence_nothing", "SplitToSequence",
                    [np.zeros((0, 3), np.float32)], output_types=kept)
    yield node_case("split_to_sequence_old", "SplitToSequence", [x, np.int64(3)], opset=11,
                    output_types=kept)
    half = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.BFLOAT16, None))
    import ml_dtypes
    yield node_case("split_to_sequence_bfloat16", "SplitToSequence",
                    [np.arange(6).astype(ml_dtypes.bfloat16)], output_types=[half])


def concats():
    for kind in KINDS:
        word = "string" if kind is object else np.dtype(kind).name
        yield node_case(f"concat_from_sequence_{word}", "ConcatFromSequence", [of(kind, 2, 0, 4)],
                        axis=0)
        yield node_case(f"stack_from_sequence_{word}", "ConcatFromSequence", [of(kind, 2, 2)],
                        axis=1, new_axis=1)
    xs = of(np.float32, 2, 2, 2)
    for axis in (-2, -1, 0, 1):
        yield node_case(f"concat_from_sequence_{axis}", "ConcatFromSequence", [xs], axis=axis)
    for axis in (-3, -2, -1, 0, 1, 2):
        expected = np.stack(xs, axis)
        yield node_case(f"stack_from_sequence_{axis}", "ConcatFromSequence", [xs], axis=axis,
                        new_axis=1, expected=[expected], why="numpy.stack is what is meant")
    yield node_case("stack_from_sequence_scalars", "ConcatFromSequence",
                    [[np.float32(1), np.float32(2)]], axis=0, new_axis=1)
    yield node_case("concat_from_sequence_one", "ConcatFromSequence", [of(np.int32, 3)], axis=-1)


def optionals():
    x = np.array([1, 2], np.float32)
    xs = of(np.int32, 1, 2)
    floats, ints = tensor(np.float32), sequence(np.int32)
    why = "the evaluator's optionals are lists"
    empty = "the evaluator cannot tell an empty optional from an absent input"
    for name, element, value in (("tensor", floats, x), ("sequence", ints, xs)):
        held = [("x", optional(element))]
        yield model_case(f"optional_{name}", [helper.make_node("Optional", ["x"], ["y"])],
                         [("x", element)], [("y", optional(element))], [value], [value], why)
        yield model_case(f"optional_{name}_typed",
                         [helper.make_node("Optional", ["x"], ["y"], type=element)],
                         [("x", element)], [("y", optional(element))], [value], [value], why)
        yield model_case(f"optional_{name}_empty",
                         [helper.make_node("Optional", [], ["y"], type=element),
                          helper.make_node("OptionalHasElement", ["y"], ["has"])],
                         [], [("y", optional(element)), ("has", tensor(np.bool_, []))],
                         [], [None, np.bool_(False)], why)
        yield model_case(f"optional_get_{name}",
                         [helper.make_node("OptionalGetElement", ["x"], ["y"]),
                          helper.make_node("OptionalHasElement", ["x"], ["has"])],
                         held, [("y", element), ("has", tensor(np.bool_, []))],
                         [value], [value, np.bool_(True)], empty)
        yield model_case(f"optional_has_{name}_empty",
                         [helper.make_node("OptionalHasElement", ["x"], ["has"])],
                         held, [("has", tensor(np.bool_, []))], [None], [np.bool_(False)], empty)
        yield model_case(f"optional_of_no_optional_{name}",
                         [helper.make_node("OptionalGetElement", ["x"], ["y"]),
                          helper.make_node("OptionalHasElement", ["x"], ["has"])],
                         [("x", element)], [("y", element), ("has", tensor(np.bool_, []))],
                         [value], [value, np.bool_(True)], empty)
        yield model_case(f"optional_identity_{name}", [helper.make_node("Identity", ["x"], ["y"])],
                         held, [("y", optional(element))], [value], [value], why)
        yield model_case(f"optional_identity_{name}_empty",
                         [helper.make_node("Identity", ["x"], ["y"])],
                         held, [("y", optional(element))], [None], [None], why)
    yield model_case("optional_has_absent_element",
                     [helper.make_node("OptionalHasElement", [""], ["has"])],
                     [], [("has", tensor(np.bool_, []))], [])
    yield model_case("optional_has_no_element", [helper.make_node("OptionalHasElement", [], ["has"])],
                     [], [("has", tensor(np.bool_, []))], [])


def maps():
    def body(nodes, inputs, outputs):
        return helper.make_graph(nodes, "body", [helper.make_value_info(*i) for i in inputs],
                                 [helper.make_value_info(*o) for o in outputs])

    floats, kept = tensor(np.float32, None), sequence(np.float32)
    xs, ys = of(np.float32, 1, 2, 3), of(np.float32, 1, 2, 3)[::-1]
    ys = [y[:1] for y in ys]
    twice = body([helper.make_node("Add", ["a", "a"], ["b"])], [("a", floats)], [("b", floats)])
    yield model_case("sequence_map", [helper.make_node("SequenceMap", ["xs"], ["ys"], body=twice)],
                     [("xs", kept)], [("ys", kept)], [xs])
    both = body([helper.make_node("Mul", ["a", "b"], ["c"]), helper.make_node("Shape", ["a"], ["s"])],
                [("a", floats), ("b", floats)], [("c", floats), ("s", tensor(np.int64, None))])
    for word, second, given in (("sequences", kept, ys), ("tensor", floats, ys[0])):
        yield model_case(f"sequence_map_{word}",
                         [helper.make_node("SequenceMap", ["xs", "y"], ["c", "s"], body=both)],
                         [("xs", kept), ("y", second)],
                         [("c", kept), ("s", sequence(np.int64))], [xs, given])
    three = body([helper.make_node("Sum", ["a", "b", "d"], ["c"])],
                 [("a", floats), ("b", floats), ("d", floats)], [("c", floats)])
    yield model_case("sequence_map_mixed",
                     [helper.make_node("SequenceMap", ["xs", "y", "ys"], ["c"], body=three)],
                     [("xs", kept), ("y", floats), ("ys", kept)], [("c", kept)],
                     [xs, np.float32(3), ys], [[x + np.float32(3) + y for x, y in zip(xs, ys)]],
                     "the evaluator takes a second sequence for a tensor where there are three inputs")
    captured = body([helper.make_node("Sub", ["a", "outer"], ["b"])], [("a", floats)],
                    [("b", floats)])
    yield model_case("sequence_map_captures",
                     [helper.make_node("SequenceMap", ["xs"], ["ys"], body=captured)],
                     [("xs", kept), ("outer", tensor(np.float32, []))], [("ys", kept)],
                     [xs, np.float32(2)], [[x - np.float32(2) for x in xs]],
                     "the evaluator's bodies do not see the values around them")
    yield model_case("sequence_map_nothing",
                     [helper.make_node("SequenceMap", ["xs"], ["ys"], body=twice)],
                     [("xs", kept)], [("ys", kept)], [[]], [[]],
                     "the evaluator fails on an empty sequence")


def scan_body(nodes, states, slices, outputs):
    return helper.make_graph(
        nodes, "body", [onnx.ValueInfoProto(name=name) for name in states + slices],
        [onnx.ValueInfoProto(name=name) for name in outputs])


def cumulative(kind=np.float32):
    """state += slice; the sums are stacked, and so are the slices doubled."""
    return scan_body([helper.make_node("Add", ["state", "slice"], ["sum"]),
                      helper.make_node("Identity", ["sum"], ["sums"]),
                      helper.make_node("Add", ["slice", "slice"], ["twice"])],
                     ["state"], ["slice"], ["sum", "sums", "twice"])


def scans():
    numbers = random("scan")
    for kind in (np.float32, np.float64, np.float16, np.int32):
        word = np.dtype(kind).name
        yield node_case(f"scan_{word}", "Scan",
                        [values(numbers, kind, 3), values(numbers, kind, 4, 3)], outputs=3,
                        body=cumulative(), num_scan_inputs=1)
    for opset in (9, 11, 16, 19, 21, 23, 24):
        yield node_case(f"scan_opset_{opset}", "Scan",
                        [np.zeros(3, np.float32), values(numbers, np.float32, 4, 3)], outputs=3,
                        opset=opset, body=cumulative(), num_scan_inputs=1)
    moving = scan_body([helper.make_node("Identity", ["slice"], ["out"])], [], ["slice"], ["out"])
    for kind in (np.bool_, np.complex64, object):
        word = "string" if kind is object else np.dtype(kind).name
        x = values(numbers, kind, 3, 2)
        yield node_case(f"scan_moves_{word}", "Scan", [x], body=moving, num_scan_inputs=1)
    x = values(numbers, np.float32, 2, 3, 4)
    why = "the evaluator knows no axes and directions"
    for reverse_in in (0, 1):
        for reverse_out in (0, 1):
            for axis_in, axis_out in ((0, 0), (1, 1), (2, 0), (-1, 2), (0, -1), (1, -3)):
                y = np.moveaxis(x, axis_in, 0)
                y = y[::-1] if reverse_in != reverse_out else y
                yield node_case(
                    f"scan_axes_{axis_in}_{axis_out}_{reverse_in}{reverse_out}", "Scan", [x],
                    body=moving, num_scan_inputs=1, scan_input_axes=[axis_in],
                    scan_output_axes=[axis_out], scan_input_directions=[reverse_in],
                    scan_output_directions=[reverse_out], expected=[np.moveaxis(y, 0, axis_out)],
                    why=why)
    state, a, b = (values(numbers, np.float32, *shape) for shape in ((2,), (3, 2), (2, 3)))
    pair = scan_body([helper.make_node("Mul", ["p", "q"], ["r"]),
                      helper.make_node("Sub", ["s", "r"], ["t"])], ["s"], ["p", "q"], ["t", "r"])
    products = a * b.T[::-1]
    yield node_case("scan_two_inputs", "Scan", [state, a, b], outputs=2, body=pair,
                    num_scan_inputs=2, scan_input_axes=[0, 1], scan_input_directions=[0, 1],
                    scan_output_axes=[1], expected=[state - products[0] - products[1] - products[2],
                                                    products.T], why=why)
    yield node_case("scan_two_inputs_plain", "Scan", [state, a, a], outputs=2, body=pair,
                    num_scan_inputs=2)
    states = scan_body([helper.make_node("Add", ["s", "x"], ["t"]),
                        helper.make_node("Max", ["m", "x"], ["n"])], ["s", "m"], ["x"], ["t", "n"])
    yield node_case("scan_states_alone", "Scan", [state, state, a], outputs=2, body=states,
                    num_scan_inputs=1)
    yield node_case("scan_nothing", "Scan",
                    [np.ones(3, np.float32), np.zeros((0, 3), np.float32)], outputs=3,
                    body=cumulative(), num_scan_inputs=1,
                    expected=[np.ones(3, np.float32), np.zeros((0, 3), np.float32),
                              np.zeros((0, 3), np.float32)],
                    why="the evaluator refuses a scan of nothing")
    captures = scan_body([helper.make_node("Mul", ["x", "factor"], ["y"])], [], ["x"], ["y"])
    yield model_case("scan_captures",
                     [helper.make_node("Scan", ["a"], ["y"], body=captures, num_scan_inputs=1)],
                     [("a", tensor(np.float32, [3, 2])), ("factor", tensor(np.float32, []))],
                     [("y", tensor(np.float32, [3, 2]))], [a, np.float32(3)])
    yield model_case("scan_of_an_open_length",
                     [helper.make_node("NonZero", ["a"], ["i"]),
                      helper.make_node("Scan", ["i"], ["y"], body=moving, num_scan_inputs=1,
                                       scan_input_axes=[1])],
                     [("a", tensor(np.float32, ["M", "N"]))], [("y", tensor(np.int64, None))],
                     [np.eye(3, dtype=np.float32)], [np.array([[0, 0], [1, 1], [2, 2]])], why)
    inner = scan_body([helper.make_node("Scan", ["total", "row"], ["t", "u"], num_scan_inputs=1,
                                        body=scan_body([helper.make_node("Add", ["s", "e"], ["f"]),
                                                        helper.make_node("Identity", ["f"], ["g"])],
                                                       ["s"], ["e"], ["f", "g"]))],
                      ["total"], ["row"], ["t", "u"])
    yield node_case("scan_within_scan", "Scan", [np.float32(0), a], outputs=2, body=inner,
                    num_scan_inputs=1)

    # Until opset 8 there were batches, and the lengths of their sequences as input 0.
    initial, xs = values(numbers, np.float32, 2, 3), values(numbers, np.float32, 2, 4, 3)
    for direction in (0, 1):
        order = xs[:, ::-1] if direction else xs
        sums = initial[:, None] + np.cumsum(order, axis=1, dtype=np.float64)
        sums = sums.astype(np.float32)
        extra = {"directions": [1]} if direction else {}
        yield node_case(f"scan_8_{direction}", "Scan", [None, initial, xs], outputs=3, opset=8,
                        body=cumulative(), num_scan_inputs=1,
                        expected=[sums[:, -1], sums, 2 * order],
                        why="the evaluator knows no Scan of opset 8", **extra)


def strings():
    shapes = (((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((), ()), ((0, 3), (3,)))
    for i, (a, b) in enumerate(shapes):
        x, y = (values(random(f"concat {i} {side}"), object, *shape)
                for side, shape in enumerate((a, b)))
        x, y = np.asarray(x, object), np.asarray(y, object)
        expected = np.asarray(x + y, object)
        yield node_case(f"string_concat_{i}", "StringConcat", [x, y], expected=[expected],
                        why="the evaluator gives a scalar no shape, and empty ones another type")
    yield node_case("string_concat_unicode", "StringConcat", [texts("ä", "", "日"), texts("ö", "", "")])

    x = texts("  a  b c  ", "", "one", "a\tb\nc", "a,b,,c,")
    for delimiter in (None, "", ",", " ", "b", ",,", "日"):
        for maxsplit in (None, 0, 1, 2, 9, -1):
            given = {}
            if delimiter is not None:
                given["delimiter"] = delimiter
            if maxsplit is not None:
                given["maxsplit"] = maxsplit
            if not delimiter and maxsplit in (0, 1, 2):
                # The specification has white space at the end removed; Python keeps it.
                parts = [text.rstrip().split(None, maxsplit) for text in x]
                most = max(map(len, parts))
                given["expected"] = [texts(*(part + [""] * (most - len(part)) for part in parts)),
                                     np.array([len(part) for part in parts])]
                given["why"] = "the evaluator leaves white space at the end of the last part"
            yield node_case(f"string_split_{delimiter}_{maxsplit}", "StringSplit", [x], outputs=2,
                            **given)
    for shape in ((2, 3), ()):
        y = np.array(["a b c", "", "d", "e f", " g", "h"], dtype=object)[:max(1, int(np.prod(shape)))]
        y = y.reshape(shape)
        counts = np.array([len(text.split()) for text in y.flat]).reshape(shape)
        parts = np.array([text.split() + [""] * (3 - len(text.split())) for text in y.flat], object)
        yield node_case(f"string_split_rank_{len(shape)}", "StringSplit", [y], outputs=2,
                        expected=[parts.reshape(*shape, 3), counts],
                        why="the evaluator cannot split a scalar")
    yield node_case("string_split_white_space", "StringSplit",
                    [texts("a\u00a0b\u2003c\u3000d", "\x1ca\x85", " \t ")], outputs=2)
    yield node_case("string_split_nothing", "StringSplit", [np.zeros((2, 0), object)], outputs=2)

    emails = texts("account@gmail.com", "account@hotmail", "not email", "yahoo@yahoo.com\n", "ä", "")
    for i, pattern in enumerate((r"(\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$)", r".*", r"ä|",
                                 r"\w+@\w+", r"(?i)NOT EMAIL", r"(?s).*\n", r"\p{L}", r"")):
        expected = None
        if "\\p" in pattern:
            expected = [np.array([False, False, False, False, True, False])]
        yield node_case(f"regex_full_match_{i}", "RegexFullMatch", [emails], pattern=pattern,
                        expected=expected,
                        why=expected and "Python has no classes of Unicode")
    yield node_case("regex_full_match_matrix", "RegexFullMatch", [emails.reshape(2, 3)],
                    pattern=r"[a-z@.]+")
    yield node_case("regex_full_match_nothing", "RegexFullMatch", [np.zeros((0,), object)],
                    pattern="a")


def normalizers():
    why = "the evaluator drops empty strings and accents, and the words within a string"
    days = texts("Monday", "tuesday", "WEDNESDAY", "", "Straße", "ÀÉî", "Ωμέγα", "日")
    lower = texts("monday", "tuesday", "wednesday", "", "straße", "àéî", "ωμέγα", "日")
    upper = texts("MONDAY", "TUESDAY", "WEDNESDAY", "", "STRAßE", "ÀÉÎ", "ΩΜΈΓΑ", "日")

    def case(name, x, expected, **attributes):
        return node_case(f"string_normalizer_{name}", "StringNormalizer", [x], expected=[expected],
                         why=why, **attributes)

    for action, expected in (("NONE", days), ("LOWER", lower), ("UPPER", upper)):
        yield case(action, days, expected, case_change_action=action, locale="en_US")
        yield case(f"{action}_row", days.reshape(1, -1), expected.reshape(1, -1),
                   case_change_action=action)
        yield case(f"{action}_stop", days, expected[1:], case_change_action=action,
                   stopwords=["monday", "sunday"])
        yield case(f"{action}_stop_exact", days, np.delete(expected, 1), case_change_action=action,
                   stopwords=["monday", "tuesday"], is_case_sensitive=1)
    yield case("default", days, days)
    yield case("unicode_stop", days, np.delete(days, 6), stopwords=["ΩΜΈΓΑ"])
    yield case("empty_stop", days, np.delete(days, 3), stopwords=[""])
    yield case("all", texts("a", "A"), texts(""), stopwords=["a"])
    yield case("all_row", texts("a", "A").reshape(1, 2), texts("").reshape(1, 1), stopwords=["a"])
    yield case("nothing", np.zeros((0,), object), texts(""))


def vectorizers():
    base = {"min_gram_length": 1, "max_gram_length": 2, "max_skip_count": 0, "mode": "TF",
            "ngram_counts": [0, 4], "ngram_indexes": [0, 1, 2, 3, 4, 5, 6],
            "pool_int64s": [2, 3, 5, 4, 5, 6, 7, 8, 6, 7]}
    x = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]])
    weights = [0.5, 1.5, 2, 3, 0.25, 4, 8]
    for mode in ("TF", "IDF", "TFIDF"):
        for skip in (0, 1, 5, 40):
            for least, most in ((1, 1), (1, 2), (2, 2)):
                for kind in (np.int32, np.int64):
                    for weighted in (False, True):
                        given = dict(base, mode=mode, max_skip_count=skip, min_gram_length=least,
                                     max_gram_length=most)
                        name = f"tf_idf_{mode}_{skip}_{least}_{most}_{np.dtype(kind).name}_{weighted}"
                        if weighted:
                            given["weights"] = weights
                        elif mode != "TF":
                            ones = node_case(name, "TfIdfVectorizer", [x], weights=[1.0] * 7, **given)
                            given["expected"] = ones.expected()
                            given["why"] = "the evaluator fails where there are no weights"
                        yield node_case(name, "TfIdfVectorizer", [x.astype(kind)], **given)
    yield node_case("tf_idf_vector", "TfIdfVectorizer", [x[1]], **base)
    yield node_case("tf_idf_nothing", "TfIdfVectorizer", [np.zeros((2, 0), np.int64)], **base)
    yield node_case("tf_idf_no_rows", "TfIdfVectorizer", [np.zeros((0, 3), np.int64)],
                    expected=[np.zeros((0, 7), np.float32)],
                    why="the evaluator refuses a matrix without rows", **base)
    words = dict(base, pool_strings=[str(n) for n in base["pool_int64s"]])
    del words["pool_int64s"]
    yield node_case("tf_idf_strings", "TfIdfVectorizer", [x.astype(str).astype(object)], **words)
    yield node_case("tf_idf_sparse", "TfIdfVectorizer", [x],
                    **dict(base, ngram_indexes=[9, 0, 3, 3, 5, 5, 7]))
    yield node_case("tf_idf_trigrams", "TfIdfVectorizer", [x],
                    **dict(base, max_gram_length=3, max_skip_count=1, ngram_counts=[0, 4, 4],
                           ngram_indexes=[0, 1, 2, 3, 4, 5]))
    yield node_case("tf_idf_levels_empty", "TfIdfVectorizer", [x],
                    **dict(base, ngram_counts=[0, 0], ngram_indexes=[0, 1, 2, 3, 4]))
    # Weights go by n-gram, and not by the column that counts it.
    permuted = dict(base, mode="TFIDF", weights=weights, ngram_indexes=[6, 5, 4, 3, 2, 1, 0],
                    max_skip_count=1)
    plain = node_case("plain", "TfIdfVectorizer", [x],
                      **dict(base, mode="TFIDF", weights=weights, max_skip_count=1)).expected()
    yield node_case("tf_idf_permuted", "TfIdfVectorizer", [x], expected=[plain[0][:, ::-1]],
                    why="the evaluator takes weights by column", **permuted)


def loops():
    """Loops and Ifs over sequences and optionals."""
    kept = sequence(np.float32)
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["x", "x"], ["y"]),
         helper.make_node("SequenceInsert", ["xs", "y"], ["ys"])],
        "body", [helper.make_value_info("i", tensor(np.int64, [])),
                 helper.make_value_info("go", tensor(np.bool_, [])),
                 helper.make_value_info("x", tensor(np.float32, None)),
                 helper.make_value_info("xs", kept)],
        [helper.make_value_info("on", tensor(np.bool_, [])),
         helper.make_value_info("y", tensor(np.float32, None)), helper.make_value_info("ys", kept)])
    yield model_case("loop_fills_a_sequence",
                     [helper.make_node("SequenceEmpty", [], ["none"]),
                      helper.make_node("Loop", ["n", "go", "x", "none"], ["last", "all"], body=body)],
                     [("n", tensor(np.int64, [])), ("x", tensor(np.float32, [2]))],
                     [("last", tensor(np.float32, [2])), ("all", kept)],
                     [np.int64(3), np.array([1, 2], np.float32)],
                     initializers=[onnx.numpy_helper.from_array(np.array(True), "go")])


def cases():
    for family in (sequences, splits, concats, optionals, maps, scans, strings, normalizers,
                   vectorizers, loops):
        yield from family()
