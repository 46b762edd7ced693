"""ONNX models as bytes, written without the onnx package."""
import struct


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """A field of a protobuf message: a number, a text, or bytes, which may be a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def value_info(name, dims, element_type=1):
    """A tensor, float32 unless told: extents are numbers, or names of unknown ones; no rank where dims is None."""
    shape = b"".join(field(1, field(2 if isinstance(dim, str) else 1, dim)) for dim in dims or [])
    return field(1, name) + field(2, field(1, field(1, element_type) + (b"" if dims is None else field(2, shape))))


def tensor(name, dims, values):
    """A float32 initializer."""
    return (b"".join(field(1, dim) for dim in dims) + field(2, 1) + field(8, name) +
            field(9, struct.pack(f"<{len(values)}f", *values)))


def external_tensor(name, dims, file):
    """A float32 initializer whose values are those of a file beside the model."""
    return (b"".join(field(1, dim) for dim in dims) + field(2, 1) + field(8, name) +
            field(13, field(1, "location") + field(2, file)) + field(14, 1))


def text_attribute(name, text):
    return field(1, name) + field(4, text) + field(20, 3)


def int_attribute(name, value):
    return field(1, name) + field(3, value) + field(20, 2)


def node(op_type, inputs, outputs, name="", attributes=(), domain=""):
    return (b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(3, name) +
            field(4, op_type) + b"".join(field(5, a) for a in attributes) + (field(7, domain) if domain else b""))


def model(nodes, inputs, outputs, opsets=(("", 17),), producer="", metadata=(), tensors=()):
    """Nodes by node(), inputs and outputs by value_info(), tensors by tensor(), opsets as pairs of domain and version."""
    graph = (b"".join(field(1, n) for n in nodes) + field(2, "g") + b"".join(field(5, t) for t in tensors) +
             b"".join(field(11, i) for i in inputs) + b"".join(field(12, o) for o in outputs))
    return (field(1, 8) + (field(2, producer) if producer else b"") + field(7, graph) +
            b"".join(field(8, field(1, domain) + field(2, version)) for domain, version in opsets) +
            b"".join(field(14, field(1, key) + field(2, value)) for key, value in metadata))


def open_classifier(classes=10):
    """Of gray images of any size, x [N,1,H,W]."""
    nodes = [node("Conv", ["x", "w"], ["a"], "conv"), node("Relu", ["a"], ["b"], "relu"),
             node("GlobalAveragePool", ["b"], ["c"], "pool"), node("Flatten", ["c"], ["d"], "flat"),
             node("Gemm", ["d", "v"], ["y"], "fc")]
    tensors = [tensor("w", [4, 1, 3, 3], [(i * 7 % 11 - 5) / 9 for i in range(36)]),
               tensor("v", [4, classes], [(i * 5 % 13 - 6) / 6 for i in range(4 * classes)])]
    return model(nodes, [value_info("x", ["N", 1, "H", "W"])], [value_info("y", ["N", classes])], tensors=tensors)


FOREIGN = "com.microsoft.FusedMatMul"


def foreign_node(x, y, name=""):
    """y = x transposed, by an operator that Lathe does not know; a model of it has tensor i."""
    return node("FusedMatMul", [x, "i"], [y], name, [int_attribute("transA", 1)], "com.microsoft")


def foreign_model():
    """Of one such node: float32 [2,3] to [3,2]."""
    return model([foreign_node("x", "y", "turn")], [value_info("x", [2, 3])], [value_info("y", [3, 2])],
                 opsets=(("", 17), ("com.microsoft", 1)), tensors=[tensor("i", [2, 2], [1, 0, 0, 1])])
