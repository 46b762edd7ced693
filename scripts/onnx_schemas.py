#!/usr/bin/env python3
"""Writes src/ops/onnx_schemas.inc: the signatures of all versions of all operators of ONNX.

    scripts/onnx_schemas.py             writes it anew
    scripts/onnx_schemas.py --check     fails, and shows where, if it would come out different

Needs the package onnx in the version that tests/requirements.txt names. src/ops/signature.h says how
a line is read.
"""

import difflib
import pathlib
import sys

import onnx
from onnx.defs import OpSchema

DOMAINS = ("", "ai.onnx.ml", "ai.onnx.preview")
OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "src/ops/onnx_schemas.inc"

# What Lathe calls the element types (src/ir/data_type.cc) where ONNX has another word.
ELEMENT_NAMES = {"float": "float32", "double": "float64"}

ATTRIBUTE_KINDS = {
    OpSchema.AttrType.INT: "int",
    OpSchema.AttrType.FLOAT: "float",
    OpSchema.AttrType.STRING: "string",
    OpSchema.AttrType.TENSOR: "tensor",
    OpSchema.AttrType.GRAPH: "graph",
    OpSchema.AttrType.INTS: "ints",
    OpSchema.AttrType.FLOATS: "floats",
    OpSchema.AttrType.STRINGS: "strings",
    OpSchema.AttrType.TENSORS: "tensors",
    OpSchema.AttrType.GRAPHS: "graphs",
    OpSchema.AttrType.SPARSE_TENSOR: "sparse_tensor",
    OpSchema.AttrType.TYPE_PROTO: "type",
}


def type_name(text):
    """tensor(float) -> float32, optional(seq(tensor(int8))) -> optional(seq(int8))."""
    text = text.replace(" ", "")
    if text.startswith("tensor("):
        element = text[len("tensor("):-1]
        return ELEMENT_NAMES.get(element, element)
    for container in ("seq(", "optional("):
        if text.startswith(container):
            return container + type_name(text[len(container):-1]) + ")"
    if text.startswith("map("):
        key, value = text[len("map("):-1].split(",", 1)
        return f"map({ELEMENT_NAMES.get(key, key)},{type_name(value) if '(' in value else ELEMENT_NAMES.get(value, value)})"
    raise ValueError(f"no word for the type {text}")


class TypeSets:
    """Sets of types, each written once, and named in the order in which they turn up."""

    def __init__(self):
        self.names = {}

    def name_of(self, allowed):
        members = tuple(sorted({type_name(text) for text in allowed}))
        return self.names.setdefault(members, f"S{len(self.names)}")

    def lines(self):
        for members, name in self.names.items():
            yield f'LATHE_TYPE_SET({name}, "{" ".join(members)}")'


def operand(parameter, variables):
    name = parameter.name.replace("...", "")
    kind = parameter.type_str if parameter.type_str in variables else type_name(parameter.type_str)
    suffix = ""
    if parameter.option == OpSchema.FormalParameterOption.Optional:
        suffix = "?"
    elif parameter.option == OpSchema.FormalParameterOption.Variadic:
        suffix = "+" if parameter.min_arity else "*"
        if not parameter.is_homogeneous:
            kind = "~" + kind
    return f"{name}:{kind}{suffix}"


def number(value):
    """The shortest decimal that is the same float32."""
    import numpy

    text = str(numpy.float32(value))
    return text[:-2] if text.endswith(".0") else text


def default_text(attribute):
    default = onnx.helper.get_attribute_value(attribute.default_value)
    kind = attribute.type
    if kind == OpSchema.AttrType.INT:
        return str(default)
    if kind == OpSchema.AttrType.FLOAT:
        return number(default)
    if kind == OpSchema.AttrType.STRING:
        return default.decode()
    if kind == OpSchema.AttrType.INTS:
        return ",".join(map(str, default))
    if kind == OpSchema.AttrType.FLOATS:
        return ",".join(map(number, default))
    if kind == OpSchema.AttrType.STRINGS:
        return ",".join(text.decode() for text in default)
    raise ValueError(f"no way to write a default of kind {kind}")


def attribute(schema_attribute):
    text = f"{schema_attribute.name}:{ATTRIBUTE_KINDS[schema_attribute.type]}"
    if schema_attribute.required:
        return text + "!"
    if schema_attribute.default_value.name:
        value = default_text(schema_attribute)
        if not value or any(c in value for c in ' "\\'):
            raise ValueError(f"the default {value!r} needs quoting")
        return f"{text}={value}"
    return text


def schema_line(schema, sets):
    variables = {c.type_param_str for c in schema.type_constraints}
    inputs = " ".join(operand(p, variables) for p in schema.inputs)
    outputs = " ".join(operand(p, variables) for p in schema.outputs)
    constraints = " ".join(
        f"{c.type_param_str}={sets.name_of(c.allowed_type_strs)}" for c in schema.type_constraints
    )
    attributes = " ".join(attribute(schema.attributes[name]) for name in sorted(schema.attributes))
    macro = "LATHE_DEPRECATED_SCHEMA" if schema.deprecated else "LATHE_SCHEMA"
    return (
        f'{macro}("{schema.domain}", "{schema.name}", {schema.since_version}, "{inputs}", '
        f'"{outputs}", "{constraints}", "{attributes}")'
    )


def table():
    schemas = [s for s in onnx.defs.get_all_schemas_with_history() if s.domain in DOMAINS]
    schemas.sort(key=lambda s: (DOMAINS.index(s.domain), s.name, s.since_version))
    sets = TypeSets()
    lines = [schema_line(schema, sets) for schema in schemas]
    newest = {domain: onnx.defs.onnx_opset_version() for domain in ("",)}
    for domain in DOMAINS[1:]:
        newest[domain] = max(s.since_version for s in schemas if s.domain == domain)
    header = [
        f"// Made by scripts/onnx_schemas.py from onnx {onnx.__version__}; not to be edited by hand.",
        "// ops/signature.h says how it is read.",
        *(f'LATHE_NEWEST_OPSET("{domain}", {version})' for domain, version in newest.items()),
    ]
    return "\n".join([*header, *sets.lines(), *lines]) + "\n"


def main():
    wanted = table()
    if sys.argv[1:] == ["--check"]:
        given = OUTPUT.read_text()
        if given == wanted:
            return 0
        sys.stdout.writelines(
            difflib.unified_diff(
                given.splitlines(True), wanted.splitlines(True), str(OUTPUT), "as onnx has it", n=0
            )
        )
        return 1
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    OUTPUT.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
