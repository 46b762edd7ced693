"""One node (or a model), inputs, and what ONNX's reference evaluator makes of them."""
import copy
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

NEWEST = {"": 28, "ai.onnx.ml": 5, "ai.onnx.preview": 1}


def random(name):
    """The same numbers in every run, others for each name."""
    return np.random.default_rng(zlib.crc32(name.encode()))


class Case:
    """`outputs`, where given, are known better than the evaluator knows them; `why` says why."""

    def __init__(self, name, model, inputs, outputs=None, why=None):
        assert (outputs is None) == (why is None), f"{name}: outputs without a reason"
        self.name = name
        self.model = model
        self.inputs = copy.deepcopy(inputs)  # which the next case may change
        self.outputs = outputs

    def expected(self):
        if self.outputs is not None:
            return self.outputs
        names = [value.name for value in self.model.graph.input]
        return ReferenceEvaluator(self.model).run(None, dict(zip(names, self.inputs)))

    def write(self, folder):
        """As ONNX's backend tests are laid out."""
        data = folder / "test_data_set_0"
        data.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(self.model.SerializeToString())
        for kind, values, declared in (("input", self.inputs, self.model.graph.input),
                                       ("output", self.expected(), self.model.graph.output)):
            for i, (value, info) in enumerate(zip(values, declared, strict=True)):
                (data / f"{kind}_{i}.pb").write_bytes(to_proto(value, info).SerializeToString())


def to_proto(value, info):
    if info.type.HasField("optional_type"):
        element = info.type.optional_type.elem_type
        kind = (onnx.OptionalProto.SEQUENCE if element.HasField("sequence_type")
                else onnx.OptionalProto.TENSOR)
        return numpy_helper.from_optional(value, info.name, None if value is not None else kind)
    if info.type.HasField("sequence_type"):
        element = info.type.sequence_type.elem_type
        if element.HasField("map_type"):
            return onnx.SequenceProto(
                name=info.name, elem_type=onnx.SequenceProto.MAP,
                map_values=[map_to_proto(item, element.map_type, "") for item in value])
        return numpy_helper.from_list(list(value), info.name)
    if info.type.HasField("map_type"):
        return map_to_proto(value, info.type.map_type, info.name)
    return numpy_helper.from_array(np.asarray(value), info.name)


def map_to_proto(value, declared, name):
    """What numpy_helper.from_dict does not do where keys or values are strings."""
    proto = onnx.MapProto(name=name, key_type=declared.key_type)
    if declared.key_type == TensorProto.STRING:
        proto.string_keys.extend(key.encode() for key in value)
    else:
        proto.keys.extend(value)
    number = declared.value_type.tensor_type.elem_type
    dtype = object if number == TensorProto.STRING else helper.tensor_dtype_to_np_dtype(number)
    proto.values.elem_type = onnx.SequenceProto.TENSOR
    proto.values.tensor_values.extend(
        numpy_helper.from_array(np.array(item, dtype)) for item in value.values())
    return proto


def type_of(value):
    """A TypeProto for a numpy array or a list of them; extents of containers are left open."""
    if isinstance(value, list):
        element = type_of(value[0])
        element.tensor_type.ClearField("shape")
        return helper.make_sequence_type_proto(element)
    array = np.asarray(value)
    number = (TensorProto.STRING if array.dtype.kind in "OU"
              else helper.np_dtype_to_tensor_dtype(array.dtype))
    return helper.make_tensor_type_proto(number, array.shape)


def node_case(name, op, inputs, outputs=1, domain="", opset=None, constants=(), expected=None,
              why=None, output_types=None, **attributes):
    """One node. Absent inputs are None; those whose index is in `constants` become initializers.

    `outputs` is how many there are, or a list of their names with "" for absent ones.
    `output_types` are TypeProtos, needed only where they are no tensors.
    """
    names = [f"x{i}" if value is not None else "" for i, value in enumerate(inputs)]
    made = [f"y{i}" for i in range(outputs)] if isinstance(outputs, int) else outputs
    node = helper.make_node(op, names, made, name="node", domain=domain, **attributes)
    given = [(i, value) for i, value in enumerate(inputs) if value is not None]
    infos = [helper.make_value_info(names[i], type_of(value))
             for i, value in given if i not in constants]
    initializers = [numpy_helper.from_array(np.asarray(value), names[i])
                    for i, value in given if i in constants]
    present = [output for output in made if output]
    unknown = [helper.make_value_info(output, output_types[i] if output_types else onnx.TypeProto())
               for i, output in enumerate(present)]
    graph = helper.make_graph([node], name, infos, unknown, initializers)
    imports = [helper.make_opsetid("", NEWEST[""])]
    if domain:
        imports.append(helper.make_opsetid(domain, opset or NEWEST[domain]))
    elif opset:
        imports[0].version = opset
    model = helper.make_model(graph, opset_imports=imports)
    model.ir_version = onnx.IR_VERSION
    run_time = [value for i, value in given if i not in constants]
    case = Case(name, model, run_time, expected, why)
    if output_types is None:
        for value, info in zip(case.expected(), graph_outputs(model), strict=True):
            info.type.CopyFrom(type_of(value if isinstance(value, list) else np.asarray(value)))
    return case


def graph_outputs(model):
    return model.graph.output
