# The float32 families.
list(APPEND kernel_sources
  arg_reduce.cc
  cast.cc
  elementwise.cc
  elementwise_f32.cc
  group_norm_f32.cc
  layer_norm_f32.cc
  mat_mul_f32.cc
  movement.cc
  peak.cc
  pooling_f32.cc
  read_bandwidth.cc
  reduce.cc
  resample.cc
  softmax_f32.cc
  strided.cc
  transpose.cc
  cast/loops.cc
  cast/scalar.cc
  depthwise_f32/blocks.cc
  depthwise_f32/depthwise_convolution_f32.cc
  depthwise_f32/scalar.cc
  depthwise_f32/taps.cc
  elementwise/scalar.cc
  elementwise_f32/loops.cc
  elementwise_f32/scalar.cc
  igemm/convolution_f32.cc
  igemm/driver.cc
  igemm/float_scalar.cc
  igemm/float_tiles.cc
  igemm/gather.cc
  igemm/indirection.cc
  igemm/panel.cc
  interpolate_f32/loops.cc
  interpolate_f32/scalar.cc
  normalize_f32/loops.cc
  normalize_f32/scalar.cc
  peak/loops.cc
  peak/scalar.cc
  pooling_f32/loops.cc
  pooling_f32/scalar.cc
  reduce/loops.cc
  reduce/scalar.cc
  softmax_f32/loops.cc
  softmax_f32/scalar.cc
  transpose/loops.cc
  transpose/scalar.cc
  winograd_f32/transforms.cc
  winograd_f32/winograd_convolution_f32.cc)

kernel_isa_sources(avx2
  elementwise/avx2.cc)

kernel_isa_sources(avx512vnni peak/avx512vnni.cc)
kernel_isa_sources(avx512bf16 peak/avx512bf16.cc)
kernel_isa_sources(amx peak/amx.cc)
if("peak/amx.cc" IN_LIST kernel_sources)
  list(APPEND kernel_sources peak_amx.cc)
else()
  list(APPEND kernel_sources peak_amx_none.cc)
endif()

list(APPEND kernel_tests
  arg_reduce_test.cc
  cast_test.cc
  convolution_f32_test.cc
  elementwise_f32_test.cc
  elementwise_test.cc
  group_norm_f32_test.cc
  layer_norm_f32_test.cc
  mat_mul_f32_test.cc
  movement_test.cc
  peak_test.cc
  pooling_f32_test.cc
  reduce_test.cc
  resample_test.cc
  softmax_f32_test.cc
  storage_test.cc
  strided_test.cc
  transpose_test.cc
  igemm/kernels_test.cc)
