# The 8-bit half of the kernel library.
list(APPEND kernel_sources
  binary_int8/loops.cc
  binary_int8/scalar.cc
  depthwise_int8/depthwise_convolution_int8.cc
  depthwise_int8/depthwise_int8_plan.cc
  depthwise_int8/lines.cc
  depthwise_int8/scalar.cc
  elementwise_int8.cc
  igemm/convolution_int8.cc
  igemm/int8_scalar.cc
  igemm/int8_tiles.cc
  lookup.cc
  mat_mul_int8.cc
  pooling_int8.cc
  pooling_int8/loops.cc
  pooling_int8/scalar.cc
  quantize.cc
  quantize_linear/loops.cc
  quantize_linear/scalar.cc)
kernel_isa_sources(avx512vnni depthwise_int8/avx512vnni.cc)
kernel_isa_sources(amx_tiles igemm/amx.cc)
list(APPEND kernel_tests
  convolution_int8_test.cc
  elementwise_int8_test.cc
  lookup_test.cc
  mat_mul_int8_test.cc
  pooling_int8_test.cc
  quantize_test.cc)
# AMX's kernels on tiles that plain code computes: tested on every machine with AVX-512.
if("igemm/amx.cc" IN_LIST kernel_sources)
  list(APPEND kernel_tests igemm/amx_emulated.cc igemm/amx_test.cc)
  set_source_files_properties(igemm/amx_emulated.cc PROPERTIES COMPILE_OPTIONS "${kernel_flags_avx512bf16}"
                              SKIP_PRECOMPILE_HEADERS ON)
endif()
