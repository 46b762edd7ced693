/* Runs a model in plain C: run_model MODEL [INPUT]
 *
 * MODEL is an ONNX file with one float32 input and one float32 output. INPUT is a file of the
 * input's elements as they lie in memory; without one, elements count up from 0 in steps of 1/256.
 * Both input and output are arrays of this program's: nothing is copied. Prints the output, one
 * element a line, and how long the steps took on standard error.
 */
#include <lathe/c_api.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char* what) {
  fprintf(stderr, "%s: %s\n", what, lathe_last_error());
  return 1;
}

/* The number of elements of the first of the values, which has to be float32 and of known shape; 0
 * where it is not. */
static size_t describe(const lathe_values* values, lathe_value_info* info) {
  size_t elements = 1;
  info->struct_size = sizeof *info;
  if (lathe_values_count(values) != 1 || lathe_values_at(values, 0, info) != LATHE_OK ||
      info->data_type != LATHE_FLOAT32) {
    return 0;
  }
  for (int32_t axis = 0; axis < info->rank; ++axis) {
    if (info->shape[axis] < 1) return 0;
    elements *= (size_t)info->shape[axis];
  }
  return info->rank < 0 ? 0 : elements;
}

static int read_input(const char* path, float* to, size_t elements) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return 0;
  const size_t got = fread(to, sizeof *to, elements, file);
  const int more = fgetc(file) != EOF;
  fclose(file);
  return got == elements && !more;
}

static void print_profile(const lathe_context* context) {
  lathe_profile* profile = NULL;
  if (lathe_context_profile(context, &profile) != LATHE_OK) return;
  for (size_t i = 0; i < lathe_profile_count(profile); ++i) {
    lathe_step_time step = {.struct_size = sizeof step};
    if (lathe_profile_step(profile, i, &step) != LATHE_OK) continue;
    fprintf(stderr, "%s (%s) on %s: %.3f ms\n", step.name, step.operators, step.kernel,
            step.total_ms);
  }
  lathe_profile_free(profile);
}

static int run(const lathe_executable* executable, const char* input_path) {
  int status = 1;
  lathe_context* context = NULL;
  lathe_tensor* input = NULL;
  lathe_tensor* output = NULL;
  lathe_value_info in;
  lathe_value_info out;
  const size_t in_elements = describe(lathe_executable_inputs(executable), &in);
  const size_t out_elements = describe(lathe_executable_outputs(executable), &out);
  if (in_elements == 0 || out_elements == 0) {
    fprintf(stderr, "the model has to have one float32 input and output of known shapes\n");
    return 1;
  }
  float* from = malloc(in_elements * sizeof *from);
  float* to = malloc(out_elements * sizeof *to);
  if (from == NULL || to == NULL) goto done;
  for (size_t i = 0; i < in_elements; ++i) from[i] = (float)i / 256;
  if (input_path != NULL && !read_input(input_path, from, in_elements)) {
    fprintf(stderr, "%s: does not have %zu float32 elements\n", input_path, in_elements);
    goto done;
  }
  if (lathe_context_create(executable, &context) != LATHE_OK ||
      lathe_context_enable_profiling(context) != LATHE_OK ||
      lathe_tensor_borrow(LATHE_FLOAT32, in.shape, (size_t)in.rank, from,
                          in_elements * sizeof *from, &input) != LATHE_OK ||
      lathe_tensor_borrow_writable(LATHE_FLOAT32, out.shape, (size_t)out.rank, to,
                                   out_elements * sizeof *to, &output) != LATHE_OK) {
    status = failed("prepare");
    goto done;
  }
  {
    const lathe_tensor* inputs[] = {input};
    if (lathe_context_run(context, inputs, 1, &output, 1, NULL) != LATHE_OK) {
      status = failed("run");
      goto done;
    }
  }
  for (size_t i = 0; i < out_elements; ++i) printf("%.6f\n", to[i]);
  print_profile(context);
  status = 0;
done:
  lathe_tensor_free(output);
  lathe_tensor_free(input);
  lathe_context_free(context);
  free(to);
  free(from);
  return status;
}

int main(int argc, char** argv) {
  lathe_model* model = NULL;
  lathe_executable* executable = NULL;
  int status;
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: %s MODEL [INPUT]\n", argv[0]);
    return 2;
  }
  if (lathe_model_load(argv[1], &model) != LATHE_OK ||
      lathe_model_compile(model, NULL, &executable) != LATHE_OK) {
    status = failed("load");
  } else {
    status = run(executable, argc == 3 ? argv[2] : NULL);
  }
  lathe_executable_free(executable);
  lathe_model_free(model);
  return status;
}
