"""Writes models for measuring what convolutional networks do not have.

    .deps/python/bin/python bench/make_models.py FOLDER [MODEL.onnx]

elementwise.onnx   twelve elementwise operators with broadcasts, over 8 x 64 x 64 x 64
transformer.onnx   a transformer block as PyTorch exports it: 128 tokens of 512, 8 heads, GELU from Erf
MODEL-f16.onnx     MODEL with weights and values in float16, and MODEL-bf16.onnx in bfloat16

`scripts/setup.sh --with-tests` makes the Python environment.
"""
import math
import os
import sys

import ml_dtypes
import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = [helper.make_opsetid("", 17)]


class Builder:
    def __init__(self):
        self.nodes, self.constants = [], []
        self.generator = numpy.random.default_rng(0)

    def constant(self, values, name=None):
        name = name or f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.asarray(values), name))
        return name

    def weights(self, *shape):
        scale = 1 / math.sqrt(shape[0])
        return self.constant((self.generator.standard_normal(shape) * scale).astype(numpy.float32))

    def add(self, op, *inputs, output=None, **attributes):
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{op.lower()}_{len(self.nodes)}", **attributes))
        return output

    def model(self, shape):
        graph = helper.make_graph(self.nodes, "graph",
                                  [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], self.constants)
        model = helper.make_model(graph, opset_imports=OPSET, ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


def elementwise():
    b = Builder()
    channel = b.weights(64, 1, 1)
    row = b.weights(64)
    v = b.add("Add", "x", channel)
    v = b.add("Mul", v, row)
    v = b.add("Sub", v, "x")
    v = b.add("Sigmoid", v)
    v = b.add("Pow", v, b.constant(numpy.float32(2)))
    v = b.add("Max", v, b.weights(64, 64, 1))
    v = b.add("Exp", b.add("Neg", v))
    v = b.add("Where", b.add("Less", v, channel), v, row)
    v = b.add("Div", v, b.constant(numpy.float32(3)))
    b.add("Tanh", v, output="y")
    return b.model([8, 64, 64, 64])


def transformer(tokens=128, width=512, heads=8):
    b = Builder()

    def linear(x, outputs):
        inputs = outputs if isinstance(outputs, int) else outputs[0]
        outputs = outputs if isinstance(outputs, int) else outputs[1]
        return b.add("Add", b.constant(numpy.zeros(outputs, numpy.float32)), b.add("MatMul", x, b.weights(inputs, outputs)))

    def norm(x):
        return b.add("LayerNormalization", x, b.constant(numpy.ones(width, numpy.float32)),
                     b.constant(numpy.zeros(width, numpy.float32)), axis=-1, epsilon=1e-5)

    def split_heads(x, order):
        shape = b.constant(numpy.array([1, tokens, heads, width // heads]))
        return b.add("Transpose", b.add("Reshape", x, shape), perm=order)

    x = norm("x")
    q = split_heads(linear(x, width), [0, 2, 1, 3])
    k = split_heads(linear(x, width), [0, 2, 3, 1])
    v = split_heads(linear(x, width), [0, 2, 1, 3])
    scores = b.add("Div", b.add("MatMul", q, k), b.constant(numpy.float32(math.sqrt(width // heads))))
    mixed = b.add("MatMul", b.add("Softmax", scores, axis=-1), v)
    mixed = b.add("Reshape", b.add("Transpose", mixed, perm=[0, 2, 1, 3]),
                  b.constant(numpy.array([1, tokens, width])))
    x = b.add("Add", "x", linear(mixed, width))
    h = linear(norm(x), (width, 4 * width))
    erf = b.add("Erf", b.add("Div", h, b.constant(numpy.float32(math.sqrt(2)))))
    h = b.add("Mul", h, b.add("Add", erf, b.constant(numpy.float32(1))))
    h = b.add("Mul", h, b.constant(numpy.float32(0.5)))
    b.add("Add", x, linear(h, (4 * width, width)), output="y")
    return b.model([1, tokens, width])


def in_halves(path, type, element):
    """The same model in 16-bit floating point: initializers, inputs and outputs."""
    model = onnx.load(path)
    graph = model.graph
    del graph.value_info[:]
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).astype(element)
            tensor.CopyFrom(helper.make_tensor(tensor.name, type, values.shape, values.tobytes(), raw=True))
    for value in [*graph.input, *graph.output]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = type
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = sys.argv[1]
    models = {"elementwise": elementwise(), "transformer": transformer()}
    if len(sys.argv) == 3:
        name = os.path.splitext(os.path.basename(sys.argv[2]))[0]
        models[f"{name}-f16"] = in_halves(sys.argv[2], TensorProto.FLOAT16, numpy.float16)
        models[f"{name}-bf16"] = in_halves(sys.argv[2], TensorProto.BFLOAT16, ml_dtypes.bfloat16)
    for name, model in models.items():
        path = os.path.join(folder, f"{name}.onnx")
        onnx.save(model, path)
        print(f"{path}: written")


if __name__ == "__main__":
    main()
