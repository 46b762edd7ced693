# The float32 families.
list(APPEND kernel_sources
  cache_size.cc
  convolution_f32.cc
  indirection.cc
  depthwise_f32/convolution.cc
  depthwise_f32/kernels.cc
  depthwise_f32/scalar.cc
  igemm_f32/convolution.cc
  igemm_f32/kernels.cc
  igemm_f32/scalar.cc)

kernel_isa_sources(avx2
  depthwise_f32/avx2.cc
  igemm_f32/avx2.cc)

kernel_isa_sources(avx512
  depthwise_f32/avx512.cc
  igemm_f32/avx512.cc)

list(APPEND kernel_tests
  convolution_f32_test.cc)
