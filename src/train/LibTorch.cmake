# lathe_find_libtorch(): the imported target lathe_libtorch, where a usable LibTorch is found.
#
# LibTorch's own TorchConfig.cmake is not used: for a build with CUDA, which PyPI's wheels are, it
# stops the configuration where no CUDA toolkit is installed, though nothing of one is needed to
# compile against the library. Headers and libraries are looked for in the usual places, and where
# CMAKE_PREFIX_PATH or Torch_DIR point into an installation's share/cmake.
function(lathe_find_libtorch)
  set(roots)
  foreach(prefix ${CMAKE_PREFIX_PATH} ${Torch_DIR})
    list(APPEND roots ${prefix} ${prefix}/../.. ${prefix}/../../..)
  endforeach()
  find_path(LATHE_LIBTORCH_INCLUDE ATen/core/Tensor.h HINTS ${roots} PATH_SUFFIXES include)
  foreach(library torch torch_cpu c10)
    find_library(LATHE_LIBTORCH_${library} ${library} HINTS ${LATHE_LIBTORCH_INCLUDE}/../lib ${roots}
                 PATH_SUFFIXES lib)
    if(NOT LATHE_LIBTORCH_${library})
      return()
    endif()
    list(APPEND libraries ${LATHE_LIBTORCH_${library}})
  endforeach()
  if(NOT LATHE_LIBTORCH_INCLUDE)
    return()
  endif()

  add_library(lathe_libtorch INTERFACE IMPORTED GLOBAL)
  target_include_directories(lathe_libtorch SYSTEM INTERFACE
      ${LATHE_LIBTORCH_INCLUDE} ${LATHE_LIBTORCH_INCLUDE}/torch/csrc/api/include)
  # Wheels bring headers of {fmt} in a version of their own. Ours must come first.
  get_target_property(fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
  if(EXISTS ${LATHE_LIBTORCH_INCLUDE}/fmt AND NOT fmt_include STREQUAL LATHE_LIBTORCH_INCLUDE)
    set(first ${PROJECT_BINARY_DIR}/headers_before_torch)
    file(MAKE_DIRECTORY ${first})
    file(CREATE_LINK ${fmt_include}/fmt ${first}/fmt SYMBOLIC)
    target_include_directories(lathe_libtorch SYSTEM BEFORE INTERFACE ${first})
  endif()
  # libtorch refers to nothing itself, it only brings in the libraries of devices such as CUDA.
  target_link_libraries(lathe_libtorch INTERFACE -Wl,--no-as-needed ${libraries} -Wl,--as-needed)
  # One header per operator, rather than all of them: a fraction of the time to compile.
  target_compile_definitions(lathe_libtorch INTERFACE AT_PER_OPERATOR_HEADERS)
endfunction()

# Whether a program links with it: headers and library of one version, and of this compiler's C++ ABI
# (wheels before 2.6 have the old one).
function(lathe_check_libtorch result)
  if(NOT DEFINED LATHE_LIBTORCH_LINKS)
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_LIBRARIES lathe_libtorch)
    set(CMAKE_REQUIRED_FLAGS -std=c++20)
    # What LibTorch itself needs is the loader's business, which knows its search path.
    set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,--unresolved-symbols=ignore-in-shared-libs)
    check_cxx_source_compiles("
        #include <ATen/Version.h>
        int main() { return at::get_cxx_flags().empty(); }" LATHE_LIBTORCH_LINKS)
  endif()
  set(${result} ${LATHE_LIBTORCH_LINKS} PARENT_SCOPE)
endfunction()
