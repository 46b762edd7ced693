#!/usr/bin/env python3
"""Runs a model from Python by ctypes, with nothing but the standard library and liblathe.so.

    run_model.py LIBRARY MODEL [INPUT]

LIBRARY is the installed liblathe.so. MODEL is an ONNX file with one float32 input and one float32 output.
INPUT is a file of the input's elements as they lie in memory; without one, elements count up from 0 in steps
of 1/256. Both input and output are arrays of this program's: nothing is copied. numpy arrays serve as well,
by `array.ctypes.data`. Prints the output, one element a line.
"""
import ctypes
import math
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_void_p

FLOAT32 = 1


class ValueInfo(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("name", c_char_p), ("data_type", c_int32), ("rank", c_int32),
                ("shape", POINTER(c_int64)), ("dimensions", POINTER(c_char_p))]


class Library:
    """liblathe.so, whose functions raise where their status is not 0."""

    # Functions that return a status, by the types of what they take.
    CHECKED = {
        "lathe_model_load": [c_char_p, POINTER(c_void_p)],
        "lathe_model_compile": [c_void_p, c_void_p, POINTER(c_void_p)],
        "lathe_values_at": [c_void_p, c_size_t, POINTER(ValueInfo)],
        "lathe_context_create": [c_void_p, POINTER(c_void_p)],
        "lathe_tensor_borrow": [c_int32, POINTER(c_int64), c_size_t, c_void_p, c_size_t, POINTER(c_void_p)],
        "lathe_tensor_borrow_writable": [c_int32, POINTER(c_int64), c_size_t, c_void_p, c_size_t,
                                         POINTER(c_void_p)],
        "lathe_context_run": [c_void_p, POINTER(c_void_p), c_size_t, POINTER(c_void_p), c_size_t, c_void_p],
    }
    # Others, by what they return and take.
    OTHERS = {
        "lathe_last_error": (c_char_p, []),
        "lathe_version": (c_char_p, []),
        "lathe_values_count": (c_size_t, [c_void_p]),
        "lathe_executable_inputs": (c_void_p, [c_void_p]),
        "lathe_executable_outputs": (c_void_p, [c_void_p]),
        "lathe_tensor_free": (None, [c_void_p]),
        "lathe_context_free": (None, [c_void_p]),
        "lathe_executable_free": (None, [c_void_p]),
        "lathe_model_free": (None, [c_void_p]),
    }

    def __init__(self, path):
        library = ctypes.CDLL(path)
        for name, (result, arguments) in self.OTHERS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name.removeprefix("lathe_"), function)
        for name, arguments in self.CHECKED.items():
            function = getattr(library, name)
            function.restype, function.argtypes, function.errcheck = c_int32, arguments, self.check
            setattr(self, name.removeprefix("lathe_"), function)

    def check(self, status, _function, _arguments):
        if status != 0:
            raise RuntimeError(self.last_error().decode())

    def shape_of(self, values):
        """The shape of the only one of them, which is float32."""
        if self.values_count(values) != 1:
            raise RuntimeError("the model has to have one input and one output")
        info = ValueInfo(struct_size=ctypes.sizeof(ValueInfo))
        self.values_at(values, 0, byref(info))
        shape = [info.shape[axis] for axis in range(info.rank)]
        if info.data_type != FLOAT32 or info.rank < 0 or min(shape, default=1) < 1:
            raise RuntimeError(f"{info.name.decode()} has to be float32 of a known shape")
        return shape


def tensor_on(borrow, shape, values):
    tensor = c_void_p()
    borrow(FLOAT32, (c_int64 * len(shape))(*shape), len(shape), ctypes.addressof(values), ctypes.sizeof(values),
           byref(tensor))
    return tensor


def run(library, path, input_path):
    model, executable, context = c_void_p(), c_void_p(), c_void_p()
    source = target = None
    try:
        library.model_load(path.encode(), byref(model))
        library.model_compile(model, None, byref(executable))
        library.context_create(executable, byref(context))
        in_shape = library.shape_of(library.executable_inputs(executable))
        out_shape = library.shape_of(library.executable_outputs(executable))
        inputs = (ctypes.c_float * math.prod(in_shape))(*(i / 256 for i in range(math.prod(in_shape))))
        if input_path is not None:
            with open(input_path, "rb") as file:
                content = file.read()
            if len(content) != ctypes.sizeof(inputs):
                raise RuntimeError(f"{input_path}: does not have {len(inputs)} float32 elements")
            ctypes.memmove(inputs, content, len(content))
        outputs = (ctypes.c_float * math.prod(out_shape))()
        source = tensor_on(library.tensor_borrow, in_shape, inputs)
        target = tensor_on(library.tensor_borrow_writable, out_shape, outputs)
        library.context_run(context, byref(source), 1, byref(target), 1, None)
        return list(outputs)
    finally:
        library.tensor_free(target)
        library.tensor_free(source)
        library.context_free(context)
        library.executable_free(executable)
        library.model_free(model)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: run_model.py LIBRARY MODEL [INPUT]")
    try:
        for value in run(Library(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else None):
            print(f"{value:.6f}")
    except (RuntimeError, OSError) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
