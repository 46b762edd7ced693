"""ai.onnx.ml: trees, linear models, support vectors, encoders. Much of what their specification
leaves open is decided by what ONNX Runtime does, which then gives the expected outputs."""
import itertools

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from reference.case import Case, node_case, random, type_of

ML = "ai.onnx.ml"
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
NAN = float("nan")
f32 = np.float32


def ml(name, op, inputs, outputs=1, **rest):
    return node_case(name, op, inputs, outputs, domain=ML, **rest)


def as_runtime(name, op, inputs, outputs=1, why="the reference evaluator deviates", **rest):
    """Expects what ONNX Runtime gives."""
    unknown = [helper.make_tensor_type_proto(TensorProto.UNDEFINED, None)] * outputs
    case = node_case(name, op, inputs, outputs, domain=ML, expected=[], why=why,
                     output_types=rest.pop("output_types", None) or unknown, **rest)
    return run_by_runtime(case)


def run_by_runtime(case):
    """The case with what ONNX Runtime makes of its inputs."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    model.ir_version = 10
    model.opset_import[0].version = 21
    for output in model.graph.output:
        if output.type.HasField("tensor_type") and not output.type.tensor_type.elem_type:
            output.ClearField("type")
    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    case.outputs = session.run(None, dict(zip((i.name for i in model.graph.input), case.inputs)))
    for value, info in zip(case.outputs, case.model.graph.output, strict=True):
        if not isinstance(value, list):
            info.type.CopyFrom(type_of(value))
    return case


def words(*values):
    return np.array(values, dtype=object)


def cases():
    yield from encoders()
    yield from maps()
    yield from numbers()
    yield from linear()
    yield from support_vectors()
    yield from trees()
    yield from tree_ensembles()
    yield from pipelines()


def encoders():
    keyed = {"int64s": ([1, 3, 5], np.array([[1, 2], [3, 5]], np.int64)),
             "floats": ([1.5, -2.0, 3.0], np.array([1.5, 3, 0, -2], f32)),
             "strings": (["a", "b", "c"], words("c", "x", "a"))}
    valued = {"int64s": [7, 8, 9], "floats": [0.5, -1.5, 2.5], "strings": ["x", "y", "z"]}
    for (kind, (keys, x)), (to, values) in itertools.product(keyed.items(), valued.items()):
        for opset in (2, 4):
            yield ml(f"label_encoder_{kind}_{to}_{opset}", "LabelEncoder", [x], opset=opset,
                     **{f"keys_{kind}": keys, f"values_{to}": values})
    yield ml("label_encoder_defaults", "LabelEncoder", [words("a", "z")], keys_strings=["a"],
             values_int64s=[4], default_int64=-7)
    yield ml("label_encoder_empty", "LabelEncoder", [np.zeros((0, 2), np.int64)], keys_int64s=[1],
             values_int64s=[4],
             expected=[np.zeros((0, 2), np.int64)], why="numpy cannot vectorize over nothing")
    for keys, values, default in ((np.float64, np.int16, -3), (np.int32, np.float64, 0.25),
                                  (np.int16, np.int32, 9), (f32, np.int64, 5)):
        yield ml(f"label_encoder_{np.dtype(keys)}_{np.dtype(values)}", "LabelEncoder",
                 [np.array([[1, 2, 4]], keys)],
                 keys_tensor=numpy_helper.from_array(np.array([1, 4], keys)),
                 values_tensor=numpy_helper.from_array(np.array([3, 6], values)),
                 default_tensor=numpy_helper.from_array(np.array([default], values)),
                 expected=[np.array([[3, default, 6]], values)],
                 why="the evaluator takes the truth of an array")
    yield ml("label_encoder_tensor_of_strings", "LabelEncoder", [words("a", "b", "c")],
             keys_tensor=numpy_helper.from_array(words("b", "c")),
             values_tensor=numpy_helper.from_array(words("y", "z")),
             expected=[words("_Unused", "y", "z")], why="the evaluator takes the truth of an array")
    yield ml("label_encoder_no_number", "LabelEncoder", [np.array([NAN, 0, -0.0, 3], f32)],
             keys_floats=[NAN, 0.0], values_int64s=[7, 8],
             expected=[np.array([7, 8, 8, -1], np.int64)],
             why="a dictionary does not find what is no number")
    yield ml("label_encoder_repeated", "LabelEncoder", [np.array([1, 2], np.int64)],
             keys_int64s=[1, 2, 1], values_int64s=[4, 5, 6])
    yield as_runtime("label_encoder_repeated_2", "LabelEncoder", [np.array([1, 2], np.int64)],
                     opset=2, keys_int64s=[1, 2, 1], values_int64s=[4, 5, 6])
    for opset in (1,):
        yield as_runtime("label_encoder_1_strings", "LabelEncoder", [words("b", "z", "a")],
                         opset=opset, classes_strings=["a", "b"], default_int64=-5)
        yield as_runtime("label_encoder_1_integers", "LabelEncoder",
                         [np.array([[0, 1], [2, -1]], np.int64)], opset=opset,
                         classes_strings=["a", "b"], default_string="?")
    mapping = dict(cats_strings=["a", "b", "c"], cats_int64s=[3, 4, 5])
    yield as_runtime("category_mapper_strings", "CategoryMapper", [words("b", "z", "a")], **mapping)
    yield as_runtime("category_mapper_integers", "CategoryMapper",
                     [np.array([[3], [9], [5]], np.int64)], default_string="?", **mapping)
    for dtype in (np.int64, np.int32, f32, np.float64):
        yield ml(f"one_hot_encoder_{np.dtype(dtype)}", "OneHotEncoder",
                 [np.array([[1, 2], [3, 9]], dtype)], cats_int64s=[1, 2, 3])
    yield ml("one_hot_encoder_strings", "OneHotEncoder", [words("b", "z", "a")],
             cats_strings=["a", "b"])
    yield ml("one_hot_encoder_all_known", "OneHotEncoder", [words("b", "a")],
             cats_strings=["a", "b"], zeros=0)
    yield as_runtime("one_hot_encoder_fractions", "OneHotEncoder",
                     [np.array([1.9, -0.5, 2, NAN, 1e30], f32)], cats_int64s=[1, 0, 2])
    yield as_runtime("one_hot_encoder_repeated", "OneHotEncoder", [np.array([1, 2], np.int64)],
                     cats_int64s=[1, 2, 1])
    yield as_runtime("one_hot_encoder_scalar", "OneHotEncoder", [np.array(2, np.int64)],
                     cats_int64s=[1, 2])


def maps():
    key = {np.int64: ("classlabels_int64s", [5, 2, 7], TensorProto.INT64),
           str: ("classlabels_strings", ["b", "a", "c"], TensorProto.STRING)}
    for name, (attribute, labels, number) in (("integers", key[np.int64]), ("strings", key[str])):
        element = helper.make_map_type_proto(
            number, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
        out = [helper.make_sequence_type_proto(element)]
        for shape in ((2, 3), (3,), (0, 3)):
            x = random(name).standard_normal(shape).astype(f32)
            rows = [dict(sorted(zip(labels, row))) for row in x.reshape(-1, 3)]
            yield ml(f"zip_map_{name}_{len(shape)}_{shape[0]}", "ZipMap", [x], output_types=out,
                     expected=[rows], why="it has no evaluator", **{attribute: labels})
    yield from map_inputs()


def map_case(name, op, value, value_type, expected, **attributes):
    """One node that reads a map."""
    number = TensorProto.INT64 if isinstance(next(iter(value)), int) else TensorProto.STRING
    case = ml(name, op, [np.zeros(1, f32)], expected=expected,
              why="what the specification leaves open is as ONNX Runtime has it", **attributes)
    case.model.graph.input[0].type.CopyFrom(helper.make_map_type_proto(
        number, helper.make_tensor_type_proto(value_type, None)))
    case.inputs = [value]
    return case


def map_inputs():
    reals = {3: f32(1.5), 1: f32(2.5), 7: f32(-1.75)}
    texts = {3: "1.5", 1: "-20", 7: "1e3"}
    kind = {"TO_FLOAT": f32, "TO_INT64": np.int64, "TO_STRING": object}
    dense = {"TO_FLOAT": ([2.5, 1.5, -1.75], [-20, 1.5, 1000]),
             "TO_INT64": ([2, 1, -1], [-20, 1, 1000]),
             "TO_STRING": (["2.500000", "1.500000", "-1.750000"], ["-20", "1.5", "1e3"])}
    for cast_to, (of_reals, of_texts) in dense.items():
        for what, value, number, row in (("reals", reals, TensorProto.FLOAT, of_reals),
                                         ("texts", texts, TensorProto.STRING, of_texts)):
            yield map_case(f"cast_map_{what}_{cast_to.lower()}", "CastMap", value, number,
                           [np.array([row], kind[cast_to])], cast_to=cast_to)
            pad = "0.f" if cast_to == "TO_STRING" else 0
            sparse = [pad, row[0], pad, row[1], pad, pad, pad, row[2]]
            yield map_case(f"cast_map_sparse_{what}_{cast_to.lower()}", "CastMap", value, number,
                           [np.array([sparse], kind[cast_to])], cast_to=cast_to,
                           map_form="SPARSE", max_map=8)
    for name, value, number, vocabulary, row in (
            ("float", {"a": f32(1.5), "z": f32(2)}, TensorProto.FLOAT, ["a", "c", "z"],
             np.array([[1.5, 0, 2]], f32)),
            ("double", {"a": 1.5, "q": 2.0}, TensorProto.DOUBLE, ["a", "c", "a"],
             np.array([[1.5, 0, 1.5]])),
            ("int64", {"b": np.int64(4)}, TensorProto.INT64, ["a", "b"],
             np.array([[0, 4]], np.int64)),
            ("string", {2: "x", 1: "y"}, TensorProto.STRING, [1, 2, 3], words("y", "x", "")[None]),
            ("by_number", {2: f32(0.5)}, TensorProto.FLOAT, [1, 2], np.array([[0, 0.5]], f32))):
        attribute = "int64_vocabulary" if isinstance(vocabulary[0], int) else "string_vocabulary"
        yield map_case(f"dict_vectorizer_{name}", "DictVectorizer", value, number, [row],
                       **{attribute: vocabulary})


def numbers():
    types = (f32, np.float64, np.int64, np.int32)
    for dtype in types + (object,):
        x = np.arange(12).reshape(2, 2, 3)
        x = x.astype(str).astype(object) if dtype is object else x.astype(dtype)
        name = "string" if dtype is object else np.dtype(dtype).name
        yield ml(f"array_feature_extractor_{name}", "ArrayFeatureExtractor",
                 [x, np.array([[2, 0, 2]], np.int64)])
    x = np.arange(3, dtype=f32)
    yield ml("array_feature_extractor_vector", "ArrayFeatureExtractor",
             [x, np.array([0, 2], np.int64)])
    yield ml("array_feature_extractor_matrix", "ArrayFeatureExtractor",
             [x, np.array([[0, 2], [1, 1]], np.int64)], constants=(1,))
    yield as_runtime("array_feature_extractor_scalar", "ArrayFeatureExtractor",
                     [x, np.array(1, np.int64)])
    yield ml("array_feature_extractor_none", "ArrayFeatureExtractor",
             [x.reshape(1, 3), np.zeros((0,), np.int64)], expected=[np.zeros((1, 0), f32)],
             why="numpy takes an empty list for reals")
    for dtype in types:
        x = random("numbers").integers(-4, 5, (3, 4)).astype(dtype)
        name = np.dtype(dtype).name
        yield ml(f"binarizer_{name}", "Binarizer", [x], threshold=1.5)
        yield ml(f"scaler_{name}", "Scaler", [x], offset=[1.0, -2.0, 0.5, 3.0],
                 scale=[2.0, 0.5, 1.0, -1.0],
                 expected=[((x - np.array([1, -2, 0.5, 3])) * [2, 0.5, 1, -1]).astype(f32)],
                 why="the output is of floats, whatever the input is")
        yield ml(f"scaler_one_{name}", "Scaler", [x[0]], offset=[0.25], scale=[4.0],
                 expected=[((x[0] - 0.25) * 4).astype(f32)],
                 why="the output is of floats, whatever the input is")
        for norm in ("MAX", "L1", "L2"):
            yield as_runtime(f"normalizer_{norm.lower()}_{name}", "Normalizer", [x], norm=norm,
                             why="the largest is not the largest magnitude, and outputs are floats")
        real = x.dtype.kind == "f"
        replaced = {"replaced_value_float": 2.0} if real else {"replaced_value_int64": 2}
        for count in (1, 4):
            values = [7, 8, 9, 10][:count]
            given = ({"imputed_value_floats": [float(v) for v in values]} if real
                     else {"imputed_value_int64s": values})
            yield ml(f"imputer_{count}_{name}", "Imputer", [x], **given, **replaced)
        other = np.arange(6).reshape(3, 2).astype(dtype)
        for lengths in ([4, 2], [2, 3]):
            wanted = np.zeros((3, sum(lengths)), f32)
            wanted[:, :min(4, lengths[0])] = x[:, :lengths[0]]
            wanted[:, lengths[0]:lengths[0] + 2] = other
            yield ml(f"feature_vectorizer_{lengths[1]}_{name}", "FeatureVectorizer", [x, other],
                     inputdimensions=lengths, expected=[wanted],
                     why="the output is of floats, whatever the inputs are")
    yield as_runtime("normalizer_vector", "Normalizer", [np.array([-3, 1], f32)], norm="L1",
                     why="a vector is one sample")
    yield as_runtime("normalizer_zeros", "Normalizer", [np.array([[0, 0], [NAN, 2]], f32)])
    yield as_runtime("normalizer_empty", "Normalizer", [np.zeros((0, 2), f32)])
    yield ml("imputer_no_number", "Imputer", [np.array([[0, NAN], [NAN, 2]], f32)],
             imputed_value_floats=[5.0, 6.0], replaced_value_float=NAN)
    yield as_runtime("imputer_vector", "Imputer", [np.array([0, 1, 2], np.int64)],
                     imputed_value_int64s=[5, 6, 7], replaced_value_int64=1)
    yield as_runtime("scaler_more_axes", "Scaler", [np.ones((1, 2, 3), f32)], offset=[0.5],
                     scale=[2.0])
    yield as_runtime("feature_vectorizer_vectors", "FeatureVectorizer",
                     [np.array([1, 2], f32), np.array([3], f32)], inputdimensions=[2, 1],
                     why="a vector is one sample")


def linear():
    x = random("linear").standard_normal((5, 3)).astype(f32)
    coefficients = random("coefficients").standard_normal(9).round(2).tolist()
    intercepts = [0.25, -0.5, 0.75]
    for transform in TRANSFORMS:
        name = transform.lower()
        for targets in (1, 2, 3):
            if targets == 1 and transform not in ("NONE", "PROBIT"):
                continue  # ONNX Runtime leaves the transform of one target out
            yield as_runtime(f"linear_regressor_{targets}_{name}", "LinearRegressor", [x],
                             coefficients=coefficients[:3 * targets],
                             intercepts=intercepts[:targets], targets=targets,
                             post_transform=transform)
        for labels in ({"classlabels_ints": [3, 1, 2]}, {"classlabels_strings": ["a", "c", "b"]}):
            kind = "strings" if "classlabels_strings" in labels else "ints"
            two = {key: value[:2] for key, value in labels.items()}
            yield as_runtime(f"linear_classifier_3_{kind}_{name}", "LinearClassifier", [x], 2,
                             coefficients=coefficients, intercepts=intercepts,
                             post_transform=transform, multi_class=1, **labels)
            yield as_runtime(f"linear_classifier_2_{kind}_{name}", "LinearClassifier", [x], 2,
                             coefficients=coefficients[:6], intercepts=intercepts[:2],
                             post_transform=transform, **two)
            if transform in ("NONE", "LOGISTIC"):
                yield as_runtime(f"linear_classifier_1_{kind}_{name}", "LinearClassifier", [x], 2,
                                 coefficients=coefficients[:3], intercepts=intercepts[:1],
                                 post_transform=transform, **two)
    yield ml("linear_regressor_logistic_of_one", "LinearRegressor",
             [np.array([[0], [2]], f32)], coefficients=[0.5], post_transform="LOGISTIC",
             expected=[np.array([[0.5], [1 / (1 + np.exp(-1))]], f32)],
             why="the evaluator knows no transform, and ONNX Runtime none of one target")
    for dtype in (np.float64, np.int64, np.int32):
        name = np.dtype(dtype).name
        y = (x * 4).astype(dtype)
        weights = np.array(coefficients[:6], f32).reshape(2, 3).astype(np.float64)
        yield ml(f"linear_regressor_{name}", "LinearRegressor", [y],
                 coefficients=coefficients[:6], targets=2, expected=[(y @ weights.T).astype(f32)],
                 why="the output is of floats")
        yield as_runtime(f"linear_classifier_{name}", "LinearClassifier", [y], 2,
                         coefficients=coefficients, intercepts=intercepts,
                         classlabels_ints=[0, 1, 2])
    yield as_runtime("linear_classifier_vector", "LinearClassifier", [x[0]], 2,
                     coefficients=coefficients, intercepts=intercepts, classlabels_ints=[0, 1, 2])
    yield as_runtime("linear_regressor_vector", "LinearRegressor", [x[0]], targets=3,
                     coefficients=coefficients)
    yield as_runtime("linear_classifier_empty", "LinearClassifier", [x[:0]], 2,
                     coefficients=coefficients, intercepts=intercepts, classlabels_ints=[0, 1, 2])


def support_vectors():
    numbers_of = random("support vectors")
    x = numbers_of.standard_normal((6, 4)).astype(f32)

    def model(kernel, classes, seed):
        rng = random(f"{kernel}{classes}{seed}")
        pairs = classes * (classes - 1) // 2
        per_class = [2, 3, 1, 2][:classes]
        count = sum(per_class)
        return dict(kernel_type=kernel, kernel_params=[0.4, 0.3, 3.0],
                    support_vectors=rng.standard_normal(count * 4).round(3).tolist(),
                    coefficients=rng.standard_normal(count * (classes - 1)).round(3).tolist(),
                    rho=rng.standard_normal(pairs).round(3).tolist(), vectors_per_class=per_class)

    for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
        for classes in (2, 3, 4):
            attributes = model(kernel, classes, 0)
            labels = list(range(10, 10 + classes))
            name = f"svm_classifier_{kernel.lower()}_{classes}"
            yield as_runtime(name, "SVMClassifier", [x], 2, classlabels_ints=labels, **attributes)
            pairs = len(attributes["rho"])
            yield as_runtime(f"{name}_probabilities", "SVMClassifier", [x], 2,
                             classlabels_strings=[str(label) for label in labels],
                             prob_a=numbers_of.uniform(-2, -0.5, pairs).tolist(),
                             prob_b=numbers_of.uniform(-0.5, 0.5, pairs).tolist(), **attributes)
        flat = model(kernel, 2, 1)
        flat.pop("vectors_per_class")
        yield as_runtime(f"svm_regressor_{kernel.lower()}", "SVMRegressor", [x], n_supports=5,
                         **flat)
        yield as_runtime(f"svm_regressor_one_class_{kernel.lower()}", "SVMRegressor", [x],
                         n_supports=5, one_class=1, **flat)
    for transform in TRANSFORMS:
        for classes in (2, 3):
            if classes == 2 and transform not in ("NONE", "LOGISTIC"):
                continue  # ONNX Runtime leaves the transform out, or the second score
            yield as_runtime(f"svm_classifier_{classes}_{transform.lower()}", "SVMClassifier", [x],
                             2, classlabels_ints=[4, 2, 3][:classes], post_transform=transform,
                             **model("RBF", classes, 2))
        pairs = 3
        yield as_runtime(f"svm_classifier_probabilities_{transform.lower()}", "SVMClassifier", [x],
                         2, classlabels_ints=[4, 2, 3], post_transform=transform,
                         prob_a=[-1.0] * pairs, prob_b=[0.25] * pairs, **model("RBF", 3, 3))
        yield as_runtime(f"svm_classifier_linear_{transform.lower()}", "SVMClassifier", [x], 2,
                         classlabels_ints=[4, 2, 3], post_transform=transform, kernel_params=[0.0, 0.0, 0.0],
                         coefficients=numbers_of.standard_normal(12).tolist(), rho=[0.25])
    for dtype in (np.float64, np.int64, np.int32):
        yield as_runtime(f"svm_classifier_{np.dtype(dtype).name}", "SVMClassifier",
                         [(x * 3).astype(dtype)], 2, classlabels_ints=[4, 2, 3],
                         **model("RBF", 3, 4))
    yield as_runtime("svm_regressor_without_vectors", "SVMRegressor", [x], kernel_type="RBF",
                     coefficients=[1.0, 2.0, -1.0, 0.5], rho=[0.5], n_supports=0,
                     kernel_params=[1.0, 0.0, 3.0])
    yield as_runtime("svm_regressor_vector", "SVMRegressor", [x[0]], n_supports=0,
                     coefficients=[1.0, 2.0, -1.0, 0.5], rho=[0.5], kernel_params=[0.0, 0.0, 0.0])


MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def forest(rng, trees, features, modes=MODES, depth=4):
    """Random trees, and the ids of their leaves."""
    nodes = {name: [] for name in ("treeids", "nodeids", "featureids", "modes", "values",
                                   "truenodeids", "falsenodeids", "missing_value_tracks_true")}
    leaves = []

    def add(tree, level):
        number = sum(1 for t in nodes["treeids"] if t == tree)
        at = len(nodes["treeids"])
        leaf = level == depth or (level > 0 and rng.random() < 0.3)
        mode = "LEAF" if leaf else modes[rng.integers(len(modes))]
        for name, value in (("treeids", tree), ("nodeids", number),
                            ("featureids", 0 if leaf else int(rng.integers(features))),
                            ("modes", mode), ("values", float(rng.integers(-4, 5)) / 2),
                            ("truenodeids", 0), ("falsenodeids", 0),
                            ("missing_value_tracks_true", int(rng.integers(2)))):
            nodes[name].append(value)
        if leaf:
            leaves.append((tree, number))
        else:
            nodes["truenodeids"][at] = add(tree, level + 1)
            nodes["falsenodeids"][at] = add(tree, level + 1)
        return number

    for tree in range(trees):
        add(tree, 0)
    return {f"nodes_{name}": values for name, values in nodes.items()}, leaves


def votes(rng, leaves, kind, targets, positive=False, each=False):
    """Weights of leaves: of one target, or of each."""
    rows = [(tree, node, target) for tree, node in leaves
            for target in (range(targets) if each else [int(rng.integers(targets))])]
    low = 0.0 if positive else -1.0
    return {f"{kind}_treeids": [row[0] for row in rows], f"{kind}_nodeids": [row[1] for row in rows],
            f"{kind}_ids": [row[2] for row in rows],
            f"{kind}_weights": rng.uniform(low, 1, len(rows)).round(3).tolist()}


def trees():
    x = (random("samples").integers(-6, 7, (12, 3)) / 2).astype(f32)
    holes = x.copy()
    holes[::3, 0] = NAN
    holes[1::4, 2] = NAN
    for mode in MODES:
        rng = random(mode)
        nodes, leaves = forest(rng, 3, 3, modes=(mode,))
        yield ml(f"tree_regressor_{mode.lower()}", "TreeEnsembleRegressor", [holes], opset=1,
                 n_targets=2, **nodes, **votes(rng, leaves, "target", 2))
    for aggregate, targets, opset in itertools.product(("SUM", "AVERAGE", "MIN", "MAX"), (1, 2),
                                                       (1, 3)):
        rng = random(f"{aggregate}{targets}")
        nodes, leaves = forest(rng, 5, 3)
        attributes = dict(n_targets=targets, aggregate_function=aggregate, **nodes,
                          **votes(rng, leaves, "target", targets))
        name = f"tree_regressor_{aggregate.lower()}_{targets}_{opset}"
        yield as_runtime(name, "TreeEnsembleRegressor", [x], opset=opset, **attributes)
        yield as_runtime(f"{name}_base", "TreeEnsembleRegressor", [x], opset=opset,
                         base_values=[0.5, -0.25][:targets], **attributes)
    for transform in TRANSFORMS:
        rng = random(transform)
        nodes, leaves = forest(rng, 4, 3)
        yield as_runtime(f"tree_regressor_{transform.lower()}", "TreeEnsembleRegressor", [x],
                         opset=3, post_transform=transform, n_targets=3, **nodes,
                         **votes(rng, leaves, "target", 3, positive=True, each=True))
        for labels in ({"classlabels_int64s": [7, 3, 5]}, {"classlabels_strings": ["c", "a", "b"]}):
            kind = "strings" if "classlabels_strings" in labels else "ints"
            yield as_runtime(f"tree_classifier_3_{kind}_{transform.lower()}",
                             "TreeEnsembleClassifier", [x], 2, opset=3, post_transform=transform,
                             **nodes, **labels, **votes(random(kind), leaves, "class", 3,
                                                        each=True))
            two = {key: value[:2] for key, value in labels.items()}
            for positive in (False, True):
                if transform not in ("NONE", "LOGISTIC"):
                    continue  # ONNX Runtime leaves the transform out, or the second score
                one_set = votes(random(kind), leaves, "class", 1, positive)
                name = f"tree_classifier_1_{kind}_{transform.lower()}_{positive}".lower()
                for opset in (1, 3):
                    yield as_runtime(f"{name}_{opset}", "TreeEnsembleClassifier", [x], 2,
                                     opset=opset, post_transform=transform, **nodes, **two,
                                     **one_set)
                yield as_runtime(f"{name}_base", "TreeEnsembleClassifier", [x], 2, opset=3,
                                 base_values=[0.125], post_transform=transform, **nodes, **two,
                                 **one_set)
        yield as_runtime(f"tree_classifier_base_{transform.lower()}", "TreeEnsembleClassifier", [x],
                         2, opset=3, base_values=[0.5, 0.25, 0.125], post_transform=transform,
                         classlabels_int64s=[0, 1, 2], **nodes,
                         **votes(rng, leaves, "class", 3, positive=True, each=True))
    rng = random("types")
    nodes, leaves = forest(rng, 6, 3)
    labels = dict(classlabels_int64s=[2, 0, 1])
    for dtype in (np.float64, np.int64, np.int32):
        yield as_runtime(f"tree_classifier_{np.dtype(dtype).name}", "TreeEnsembleClassifier",
                         [x.astype(dtype)], 2, opset=3, **nodes, **labels,
                         **votes(random("t"), leaves, "class", 3, each=True))
    targets = votes(random("d"), leaves, "target", 2)
    weights = targets.pop("target_weights")
    values = nodes.pop("nodes_values")

    def doubles(numbers):
        return numpy_helper.from_array(np.array(numbers, np.float64))

    yield as_runtime("tree_regressor_doubles", "TreeEnsembleRegressor", [x.astype(np.float64) / 3],
                     opset=3, n_targets=2, nodes_values_as_tensor=doubles(values),
                     target_weights_as_tensor=doubles(weights),
                     base_values_as_tensor=doubles([0.1, 0.2]), **nodes, **targets)
    classes = votes(random("c"), leaves, "class", 3)
    weights = classes.pop("class_weights")
    yield as_runtime("tree_classifier_doubles", "TreeEnsembleClassifier",
                     [x.astype(np.float64) / 3], 2, opset=3, **labels,
                     nodes_values_as_tensor=doubles(values),
                     class_weights_as_tensor=doubles(weights),
                     base_values_as_tensor=doubles([0.1, 0.2, 0.3]), **nodes, **classes)


def tree_ensembles():
    x = (random("ensemble").integers(-6, 7, (9, 3)) / 2)
    holes = x.copy()
    holes[::2, 1] = NAN

    def ensemble(dtype, targets, **rest):
        """Two trees: one of three nodes, one of a leaf."""
        def tensor(values):
            return numpy_helper.from_array(np.array(values, dtype))
        attributes = dict(
            n_targets=targets, tree_roots=[0, 3], nodes_featureids=[0, 1, 2, 0],
            nodes_splits=tensor([0.5, -1, 1, 0]), nodes_truenodeids=[1, 0, 2, 3],
            nodes_trueleafs=[0, 1, 1, 1], nodes_falsenodeids=[2, 1, 4, 3],
            nodes_falseleafs=[0, 1, 1, 1], leaf_weights=tensor([1, 0.25, -0.5, 0.125, 2]),
            leaf_targetids=[0, targets - 1, 0, 0, targets - 1],
            nodes_modes=numpy_helper.from_array(np.array([0, 1, 2, 0], np.uint8)))
        attributes.update(rest)
        return attributes

    for dtype in (f32, np.float64, np.float16):
        for targets in (1, 2):
            yield ml(f"tree_ensemble_{np.dtype(dtype).name}_{targets}", "TreeEnsemble",
                     [x.astype(dtype)], **ensemble(dtype, targets))
    yield as_runtime("tree_ensemble_of_a_leaf", "TreeEnsemble", [x.astype(f32)],
                     why="a root whose branches are one leaf is taken for the leaf of its number",
                     **ensemble(f32, 2, nodes_truenodeids=[1, 0, 2, 1],
                                nodes_falsenodeids=[2, 1, 4, 1]))
    for aggregate in range(4):
        yield as_runtime(f"tree_ensemble_aggregate_{aggregate}", "TreeEnsemble", [x.astype(f32)],
                         **ensemble(f32, 3, aggregate_function=aggregate))
    for mode in range(7):
        modes = numpy_helper.from_array(np.array([0, mode, 5, 0], np.uint8))
        members = {} if mode != 6 else {
            "membership_values": numpy_helper.from_array(np.array([1, -1, 2.5, NAN], f32))}
        # Onnx sends a missing value to the true branch of !=, whatever the node says of those.
        for track in (0, 1) if mode != 5 else (1,):
            yield ml(f"tree_ensemble_mode_{mode}_{track}", "TreeEnsemble", [holes.astype(f32)],
                     **ensemble(f32, 2, nodes_modes=modes, **members,
                                nodes_missing_value_tracks_true=[1, track, track, 0]))
    # ONNX Runtime has SOFTMAX and LOGISTIC the other way round.
    raw = np.array([[0.125, 2.0]], f32)
    e = np.exp(raw - 2)
    a = 0.147
    log = np.log(4 * np.array([[0.125, 0.75]]) * (1 - np.array([[0.125, 0.75]])))
    v = 2 / (np.pi * a) + log / 2
    probit = np.sqrt(2) * np.sign([[-1, 1]]) * np.sqrt(np.sqrt(v * v - log / a) - v)
    for transform, wanted in ((1, e / e.sum()), (2, 1 / (1 + np.exp(-raw))), (3, e / e.sum())):
        yield ml(f"tree_ensemble_transform_{transform}", "TreeEnsemble",
                 [np.array([[1, 0, 0]], f32)], post_transform=transform,
                 expected=[wanted.astype(f32)], why="the evaluator leaves transforms out",
                 **ensemble(f32, 2))
    yield ml("tree_ensemble_transform_4", "TreeEnsemble", [np.array([[1, 0, 0]], f32)],
             post_transform=4, expected=[probit.astype(f32)],
             why="the evaluator leaves transforms out",
             **ensemble(f32, 2, leaf_weights=numpy_helper.from_array(
                 np.array([0, 0, 0, 0.125, 0.75], f32))))
    yield ml("tree_ensemble_empty", "TreeEnsemble", [np.zeros((0, 3), f32)],
             expected=[np.zeros((0, 2), f32)], why="numpy cannot apply to nothing",
             **ensemble(f32, 2))


class Pipeline:
    """A model node by node, as exporters of scikit-learn build them."""

    def __init__(self, opset):
        self.opset = opset
        self.nodes = []
        self.inputs = []
        self.values = []
        self.initializers = []

    def input(self, name, value, declared=None):
        self.inputs.append(helper.make_value_info(name, declared or type_of(value)))
        self.values.append(value)
        return name

    def constant(self, name, value):
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def add(self, op, inputs, outputs=1, domain=ML, **attributes):
        names = [f"{op.lower()}{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, f"{op}_{len(self.nodes)}",
                                           domain=domain, **attributes))
        return names if outputs > 1 else names[0]

    def case(self, name, outputs, maps=None):
        """`maps`: the key type of the last output, where that is a sequence of maps."""
        infos = [helper.make_tensor_value_info(output, TensorProto.UNDEFINED, None)
                 for output in outputs]
        if maps:
            element = helper.make_map_type_proto(
                maps, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
            infos[-1] = helper.make_value_info(outputs[-1],
                                               helper.make_sequence_type_proto(element))
        graph = helper.make_graph(self.nodes, name, self.inputs, infos, self.initializers)
        model = helper.make_model(graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", 21), helper.make_opsetid(ML, self.opset)])
        return run_by_runtime(Case(f"{name}_{self.opset}", model, self.values, [], "a pipeline"))


def pipelines():
    x = random("pipelines").standard_normal((20, 4)).astype(f32)
    for opset in (1, 3):
        rng = random("pipeline")
        nodes, leaves = forest(rng, 12, 4)

        p = Pipeline(opset)
        scaled = p.add("Scaler", [p.input("x", x)], offset=[0.5, 0.0, -0.5, 1.0],
                       scale=[1.0, 2.0, 0.5, 1.0])
        labels, scores = p.add("LinearClassifier", [scaled], 2,
                               coefficients=rng.standard_normal(12).tolist(),
                               intercepts=[0.5, 0.0, -0.5], classlabels_strings=["a", "b", "c"],
                               multi_class=1, post_transform="SOFTMAX")
        zipped = p.add("ZipMap", [p.add("Normalizer", [scores], norm="L1")],
                       classlabels_strings=["a", "b", "c"])
        yield p.case("logistic_regression", [labels, zipped], TensorProto.STRING)

        p = Pipeline(opset)
        labels, scores = p.add("TreeEnsembleClassifier", [p.input("x", x)], 2, **nodes,
                               classlabels_int64s=[4, 2, 9],
                               **votes(rng, leaves, "class", 3, positive=True, each=True))
        zipped = p.add("ZipMap", [scores], classlabels_int64s=[4, 2, 9])
        yield p.case("random_forest", [labels, zipped], TensorProto.INT64)

        p = Pipeline(opset)
        probability = {**votes(rng, leaves, "class", 1, positive=True)}
        probability["class_weights"] = [weight / 12 for weight in probability["class_weights"]]
        labels, scores = p.add("TreeEnsembleClassifier", [p.input("x", x)], 2, **nodes,
                               classlabels_int64s=[0, 1], **probability)
        yield p.case("random_forest_of_two", [labels, scores])

        p = Pipeline(opset)
        labels, scores = p.add("TreeEnsembleClassifier", [p.input("x", x)], 2, **nodes,
                               classlabels_int64s=[0, 1], base_values=[-0.25],
                               post_transform="LOGISTIC", **votes(rng, leaves, "class", 1))
        yield p.case("gradient_boosting", [labels, scores])

        p = Pipeline(opset)
        x_name = p.input("x", x)
        predictions = [p.add("TreeEnsembleRegressor", [x_name], n_targets=1, **nodes,
                             **votes(rng, leaves, "target", 1)),
                       p.add("SVMRegressor", [x_name], kernel_type="RBF",
                             kernel_params=[0.3, 0.0, 3.0], n_supports=2, rho=[0.25],
                             coefficients=[1.0, -0.5],
                             support_vectors=rng.standard_normal(8).tolist())]
        joined = p.add("FeatureVectorizer", predictions, inputdimensions=[1, 1])
        yield p.case("stacking", [p.add("LinearRegressor", [joined], coefficients=[0.5, 0.25],
                                        intercepts=[1.0], targets=1)])

        p = Pipeline(opset)
        holes = x.copy()
        holes[::3, 1] = NAN
        imputed = p.add("Imputer", [p.input("x", holes)], replaced_value_float=NAN,
                        imputed_value_floats=[0.0, 1.5, 0.0, 0.0])
        marked = p.add("Binarizer", [imputed], threshold=0.25)
        some = p.add("ArrayFeatureExtractor",
                     [marked, p.constant("columns", np.array([3, 1], np.int64))])
        labels, scores = p.add("SVMClassifier", [some], 2, kernel_type="POLY",
                               kernel_params=[0.5, 1.0, 2.0], classlabels_strings=["no", "yes"],
                               vectors_per_class=[1, 2], rho=[0.125], prob_a=[-1.5], prob_b=[0.1],
                               coefficients=[1.0, -0.5, -0.75],
                               support_vectors=[1.0, 0.0, 0.0, 1.0, 1.0, 1.0])
        zipped = p.add("ZipMap", [scores], classlabels_strings=["no", "yes"])
        yield p.case("support_vectors", [labels, zipped], TensorProto.STRING)

        p = Pipeline(opset)
        color = p.input("color", words("red", "blue", "green", "red")[:, None])
        size = p.input("size", np.array([[1], [2], [3], [4]], np.int64))
        hot = p.add("OneHotEncoder", [color], cats_strings=["blue", "red"])
        flat = p.add("Reshape", [hot, p.constant("rows", np.array([-1, 2], np.int64))], domain="")
        sizes = p.add("Cast", [size], domain="", to=TensorProto.FLOAT)
        features = p.add("Concat", [flat, sizes], domain="", axis=1)
        labels, scores = p.add("LinearClassifier", [features], 2, intercepts=[0.5, 0.0, 0.0],
                               coefficients=[1.0, 0.0, 0.1, 0.0, 1.0, 0.2, -1.0, 0.5, 0.1],
                               classlabels_ints=[0, 1, 2])
        known = {"keys_int64s": [0, 1, 2], "values_strings": ["s", "m", "l"]}
        if opset == 1:
            known = {"classes_strings": ["s", "m", "l"]}
        yield p.case("categories", [p.add("LabelEncoder", [labels], **known)])

        p = Pipeline(opset)
        declared = helper.make_map_type_proto(
            TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
        vector = p.add("DictVectorizer", [p.input("x", {"b": 1.5, "a": -2.0}, declared)],
                       string_vocabulary=["a", "b", "c"])
        yield p.case("dictionary", [p.add("LinearRegressor", [vector], targets=1,
                                          coefficients=[1.0, 2.0, 3.0], intercepts=[0.5])])
