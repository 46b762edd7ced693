"""Quantizes a float32 model as ONNX Runtime's own quantizer does: what its engine and OpenVINO's run best.

    .deps/python/bin/python bench/quantize_with_onnxruntime.py MODEL.onnx OUT.onnx

Static int8 in QDQ form, uint8 activations and int8 weights per channel, calibrated by min-max on random inputs:
for measuring speed, not accuracy. `scripts/setup.sh --with-tests` makes the Python environment.
"""
import sys
import tempfile

import numpy
import onnx
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                      quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process


class RandomInputs(CalibrationDataReader):
    def __init__(self, model, count):
        weights = {tensor.name for tensor in model.graph.initializer}
        value = next(value for value in model.graph.input if value.name not in weights)
        shape = [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
        generator = numpy.random.default_rng(0)
        self.batches = iter([{value.name: generator.standard_normal(shape, numpy.float32)} for _ in range(count)])

    def get_next(self):
        return next(self.batches, None)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = sys.argv[1:]
    with tempfile.NamedTemporaryFile(suffix=".onnx") as prepared:
        quant_pre_process(source, prepared.name, skip_symbolic_shape=True)
        quantize_static(prepared.name, target, RandomInputs(onnx.load(source), 4), quant_format=QuantFormat.QDQ,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, per_channel=True,
                        calibrate_method=CalibrationMethod.MinMax)
    print(f"{target}: written")


if __name__ == "__main__":
    main()
