/* Lathe for C, and for whatever calls C: read a model, compile it, run it.
 *
 *   lathe_model* model = NULL;
 *   lathe_executable* executable = NULL;
 *   lathe_context* context = NULL;
 *   lathe_tensor* input = NULL;
 *   lathe_tensor* output = NULL;
 *   float image[28 * 28] = {0};
 *   const int64_t shape[] = {1, 1, 28, 28};
 *   if (lathe_model_load("cnn.onnx", &model) ||
 *       lathe_model_compile(model, NULL, &executable) ||
 *       lathe_context_create(executable, &context) ||
 *       lathe_tensor_borrow(LATHE_FLOAT32, shape, 4, image, sizeof image, &input) ||
 *       lathe_context_run(context, (const lathe_tensor**)&input, 1, &output, 1, NULL)) {
 *     fprintf(stderr, "%s\n", lathe_last_error());
 *   }
 *   lathe_tensor_free(output);  and so on
 *
 * Functions that can fail return a status, LATHE_OK = 0 or what went wrong, and leave a text for
 * lathe_last_error(). What they make they put in their last argument, or in the array named
 * `outputs`; after a failure that is as it was. Whoever makes a handle frees it; handles may be
 * freed in any order, and freeing NULL does nothing. Texts and arrays that a function returns
 * belong to the handle that it was asked of, and are valid until that is freed or written to. Texts
 * are UTF-8 and end with a 0.
 *
 * A NULL handle where one is needed is LATHE_INVALID_ARGUMENT; functions that return no status then
 * return 0 or NULL. No exception leaves this library.
 *
 * Models, executables, worker pools and cancellations may be used by several threads at once, and a
 * request be cancelled by any; everything else is for one thread at a time.
 *
 * All symbols carry the version LATHE_0.1. Structures begin with their size as the caller knows it,
 * so that they can grow; options and numbers may be added, never changed.
 */
#ifndef LATHE_C_API_H
#define LATHE_C_API_H

#include <stddef.h>
#include <stdint.h>

#define LATHE_C_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" */
LATHE_C_API const char* lathe_version(void);

typedef int32_t lathe_status;
enum {
  LATHE_OK = 0,
  LATHE_INVALID_ARGUMENT = 1,   /* the caller asked for something that makes no sense */
  LATHE_INVALID_DATA = 2,       /* a file or model is malformed */
  LATHE_NOT_FOUND = 3,          /* a file, name or option does not exist */
  LATHE_UNSUPPORTED = 4,        /* well-formed, but Lathe cannot do it */
  LATHE_RESOURCE_EXHAUSTED = 5, /* too large for memory or for a stated limit */
  LATHE_IO = 6,                 /* the operating system refused */
  LATHE_UNAVAILABLE = 7,        /* an optional part is not installed */
  LATHE_INTERNAL = 8,           /* a fault of Lathe's own */
  LATHE_CANCELLED = 9           /* its caller no longer wanted it */
};
/* "invalid argument", ... */
LATHE_C_API const char* lathe_status_name(lathe_status status);
/* What the last failure in the calling thread was, from the outermost place to the innermost fault;
 * "" where there was none. Valid until the next call in this thread that fails. */
LATHE_C_API const char* lathe_last_error(void);

/* Element types, numbered as TensorProto.DataType of the ONNX specification. */
typedef int32_t lathe_data_type;
enum {
  LATHE_UNDEFINED = 0,
  LATHE_FLOAT32 = 1,
  LATHE_UINT8 = 2,
  LATHE_INT8 = 3,
  LATHE_UINT16 = 4,
  LATHE_INT16 = 5,
  LATHE_INT32 = 6,
  LATHE_INT64 = 7,
  LATHE_STRING = 8, /* named in descriptions of models; no tensor can hold it */
  LATHE_BOOL = 9,
  LATHE_FLOAT16 = 10,
  LATHE_FLOAT64 = 11,
  LATHE_UINT32 = 12,
  LATHE_UINT64 = 13,
  LATHE_BFLOAT16 = 16,
  LATHE_UINT4 = 21,
  LATHE_INT4 = 22
};
/* "float32", "int8", ... */
LATHE_C_API const char* lathe_data_type_name(lathe_data_type type);

typedef struct lathe_model lathe_model;               /* as read from a file */
typedef struct lathe_options lathe_options;           /* of compiling */
typedef struct lathe_executable lathe_executable;     /* a model compiled for this machine */
typedef struct lathe_context lathe_context;           /* one running inference */
typedef struct lathe_request lathe_request;           /* one in flight */
typedef struct lathe_tensor lathe_tensor;             /* a dense array in row-major order */
typedef struct lathe_values lathe_values;             /* descriptions of inputs or outputs */
typedef struct lathe_cancellation lathe_cancellation; /* ends inferences before they are done */
typedef struct lathe_worker_pool lathe_worker_pool;   /* threads that executables share */
typedef struct lathe_profile lathe_profile;           /* what steps have taken */
typedef struct lathe_devices lathe_devices;           /* what this machine has */

/* ---- Models ---- */

/* An ONNX file, with external data beside it where it has some, or what `lathe compile` has made of
 * one. */
LATHE_C_API lathe_status lathe_model_load(const char* path, lathe_model** model);
/* The bytes of an ONNX file without external data; not needed afterwards. */
LATHE_C_API lathe_status lathe_model_parse(const void* onnx, size_t size, lathe_model** model);
LATHE_C_API void lathe_model_free(lathe_model* model);

/* Inputs and outputs; they belong to the model. */
LATHE_C_API const lathe_values* lathe_model_inputs(const lathe_model* model);
LATHE_C_API const lathe_values* lathe_model_outputs(const lathe_model* model);
/* What the file carries beside the network, in the order of the keys. */
LATHE_C_API size_t lathe_model_metadata_count(const lathe_model* model);
LATHE_C_API lathe_status lathe_model_metadata_at(const lathe_model* model, size_t index,
                                                 const char** key, const char** value);
/* NULL where there is none of that key. */
LATHE_C_API const char* lathe_model_metadata(const lathe_model* model, const char* key);

#define LATHE_UNKNOWN_EXTENT (-1)

typedef struct lathe_value_info {
  size_t struct_size; /* set it to sizeof(lathe_value_info) */
  const char* name;
  lathe_data_type data_type;
  int32_t rank;         /* -1: any */
  const int64_t* shape; /* rank extents; of an executable, what it is planned for */
  /* rank texts: for each extent that a run may choose, its name ("N"), or what it is computed as
   * ("(H+1)/2"); "" for others. */
  const char* const* dimensions;
} lathe_value_info;

LATHE_C_API size_t lathe_values_count(const lathe_values* values);
LATHE_C_API lathe_status lathe_values_at(const lathe_values* values, size_t index,
                                         lathe_value_info* info);
/* The place of a name; LATHE_NOT_FOUND where there is none. */
LATHE_C_API lathe_status lathe_values_find(const lathe_values* values, const char* name,
                                           size_t* index);
/* Of those that lathe_executable_plan() made alone. */
LATHE_C_API void lathe_values_free(lathe_values* values);

/* ---- Compiling ---- */

LATHE_C_API lathe_status lathe_options_create(lathe_options** options);
LATHE_C_API void lathe_options_free(lathe_options* options);
/* For one inference; 0, the default: the cores that the process may use, per stream. */
LATHE_C_API lathe_status lathe_options_set_threads(lathe_options* options, int32_t threads);
/* What is planned for: the first axis of an input where that is open; 1 by default. */
LATHE_C_API lathe_status lathe_options_set_batch(lathe_options* options, int64_t batch);
/* Fixes an open extent by its name. */
LATHE_C_API lathe_status lathe_options_set_dimension(lathe_options* options, const char* name,
                                                     int64_t extent);
/* Fixes a whole input by its name. */
LATHE_C_API lathe_status lathe_options_set_shape(lathe_options* options, const char* name,
                                                 const int64_t* shape, size_t rank);
/* "native", the default, or another one that lathe_devices_backend() tells of, or "auto". */
LATHE_C_API lathe_status lathe_options_set_backend(lathe_options* options, const char* name);
/* Inferences that lathe_executable_submit() keeps in flight. */
LATHE_C_API lathe_status lathe_options_set_streams(lathe_options* options, int32_t streams);
/* What matters more: the time of one inference, the default, or how many are done in a second. */
enum { LATHE_LATENCY = 0, LATHE_THROUGHPUT = 1 };
LATHE_C_API lathe_status lathe_options_set_preference(lathe_options* options, int32_t preference);
/* What float32 operators are computed in. */
enum { LATHE_COMPUTE_FLOAT32 = 0, LATHE_COMPUTE_BFLOAT16 = 1, LATHE_COMPUTE_FLOAT16 = 2 };
LATHE_C_API lathe_status lathe_options_set_precision(lathe_options* options, int32_t precision);
/* Of weights and intermediate values; 0, the default: none. */
LATHE_C_API lathe_status lathe_options_set_memory_limit(lathe_options* options, int64_t bytes);
/* Computes with these instead of threads of each context's own; NULL: no more. */
LATHE_C_API lathe_status lathe_options_set_worker_pool(lathe_options* options,
                                                       const lathe_worker_pool* pool);
/* Execution providers of ONNX Runtime, in the order in which they are added. */
LATHE_C_API lathe_status lathe_options_add_provider(lathe_options* options, const char* name);
LATHE_C_API lathe_status lathe_options_set_provider_option(lathe_options* options,
                                                           const char* provider, const char* key,
                                                           const char* value);

/* Without options (NULL), the defaults. */
LATHE_C_API lathe_status lathe_model_compile(const lathe_model* model, const lathe_options* options,
                                             lathe_executable** executable);
/* Waits for the requests that are in flight. */
LATHE_C_API void lathe_executable_free(lathe_executable* executable);

LATHE_C_API const lathe_values* lathe_executable_inputs(const lathe_executable* executable);
LATHE_C_API const lathe_values* lathe_executable_outputs(const lathe_executable* executable);
/* What inputs of these shapes make of the outputs, and the plan for them, so that the first run
 * need not make it. `ranks` and `shapes` have an entry for each of the `count` inputs. */
LATHE_C_API lathe_status lathe_executable_plan(const lathe_executable* executable,
                                               const int64_t* const* shapes, const size_t* ranks,
                                               size_t count, lathe_values** outputs);
/* What one inference computes with, and how many submit() keeps in flight. */
LATHE_C_API int32_t lathe_executable_threads(const lathe_executable* executable);
LATHE_C_API int32_t lathe_executable_streams(const lathe_executable* executable);
/* What one context needs for intermediate values, and the weights take once for all of them; 0
 * where the backend cannot tell. */
LATHE_C_API size_t lathe_executable_arena_bytes(const lathe_executable* executable);
LATHE_C_API size_t lathe_executable_weight_bytes(const lathe_executable* executable);
/* What compiling decided that is worth knowing. */
LATHE_C_API size_t lathe_executable_note_count(const lathe_executable* executable);
LATHE_C_API const char* lathe_executable_note(const lathe_executable* executable, size_t index);

/* Threads that compute for any number of executables, no more than so many at a time whoever calls;
 * 0: the cores that the process may use. */
LATHE_C_API lathe_status lathe_worker_pool_create(int32_t threads, lathe_worker_pool** pool);
LATHE_C_API int32_t lathe_worker_pool_threads(const lathe_worker_pool* pool);
/* The threads end with the last executable and context that compute with them. */
LATHE_C_API void lathe_worker_pool_free(lathe_worker_pool* pool);

/* ---- Tensors ---- */

/* Zeros. */
LATHE_C_API lathe_status lathe_tensor_create(lathe_data_type type, const int64_t* shape,
                                             size_t rank, lathe_tensor** tensor);
/* On memory of the caller's, of exactly the size of the tensor and aligned as its elements are,
 * which has to stay until the tensor is freed, and not to change while a run reads it. */
LATHE_C_API lathe_status lathe_tensor_borrow(lathe_data_type type, const int64_t* shape,
                                             size_t rank, const void* data, size_t bytes,
                                             lathe_tensor** tensor);
/* The same of memory that may be written to: for outputs. */
LATHE_C_API lathe_status lathe_tensor_borrow_writable(lathe_data_type type, const int64_t* shape,
                                                      size_t rank, void* data, size_t bytes,
                                                      lathe_tensor** tensor);
LATHE_C_API void lathe_tensor_free(lathe_tensor* tensor);

LATHE_C_API lathe_data_type lathe_tensor_data_type(const lathe_tensor* tensor);
LATHE_C_API size_t lathe_tensor_rank(const lathe_tensor* tensor);
LATHE_C_API const int64_t* lathe_tensor_shape(const lathe_tensor* tensor);
LATHE_C_API int64_t lathe_tensor_size(const lathe_tensor* tensor); /* elements */
LATHE_C_API size_t lathe_tensor_byte_count(const lathe_tensor* tensor);
/* Elements of 4 bits are packed two to a byte, the first one in the low bits. */
LATHE_C_API const void* lathe_tensor_data(const lathe_tensor* tensor);
/* Of a tensor on memory that may not be written to: a copy, which the tensor has from then on. */
LATHE_C_API void* lathe_tensor_mutable_data(lathe_tensor* tensor);

/* ---- Running ---- */

LATHE_C_API lathe_status lathe_context_create(const lathe_executable* executable,
                                              lathe_context** context);
LATHE_C_API void lathe_context_free(lathe_context* context);

/* As many inputs and outputs as the executable has, in its order. Inputs may have any shape that
 * the model allows; one that is new to the context is planned for first. Where outputs[i] is NULL a
 * tensor is made, which the caller frees. Another one, of the type and shape that come out, is
 * written to; where it borrows memory, any other type and shape is LATHE_INVALID_ARGUMENT, and else
 * it becomes what comes out. Memory of inputs and outputs must not overlap. After a failure,
 * elements of outputs are anything. `cancellation` may be NULL. */
LATHE_C_API lathe_status lathe_context_run(lathe_context* context,
                                           const lathe_tensor* const* inputs, size_t input_count,
                                           lathe_tensor** outputs, size_t output_count,
                                           const lathe_cancellation* cancellation);
/* The same by name: all inputs, in any order, and those outputs that are wanted. */
LATHE_C_API lathe_status lathe_context_run_named(
    lathe_context* context, const char* const* input_names, const lathe_tensor* const* inputs,
    size_t input_count, const char* const* output_names, lathe_tensor** outputs,
    size_t output_count, const lathe_cancellation* cancellation);

/* Queues an inference for the next stream that is free. Requests become ready as they are done, or
 * in the order of submission. Borrowed memory of inputs has to stay until then; their tensors may
 * be freed at once. */
enum { LATHE_COMPLETE_ANY = 0, LATHE_COMPLETE_IN_ORDER = 1 };
LATHE_C_API lathe_status lathe_executable_submit(const lathe_executable* executable,
                                                 const lathe_tensor* const* inputs,
                                                 size_t input_count, int32_t completion,
                                                 const lathe_cancellation* cancellation,
                                                 lathe_request** request);
/* 1 where get() would not wait. */
LATHE_C_API int32_t lathe_request_ready(const lathe_request* request);
LATHE_C_API lathe_status lathe_request_wait(const lathe_request* request);
/* It becomes ready, soon or when its turn would come. */
LATHE_C_API lathe_status lathe_request_cancel(const lathe_request* request);
/* Waits and hands over the outputs, once: tensors that the caller frees, put where outputs[i] is
 * NULL, as all have to be. */
LATHE_C_API lathe_status lathe_request_get(lathe_request* request, lathe_tensor** outputs,
                                           size_t output_count);
/* Drops the outputs; the inference may go on. */
LATHE_C_API void lathe_request_free(lathe_request* request);

/* Any number of runs may be given the same one. */
LATHE_C_API lathe_status lathe_cancellation_create(lathe_cancellation** cancellation);
/* Runs that were given it end with LATHE_CANCELLED: those that have not begun at once, those that
 * have before their next step, where the backend is "native". From any thread; never blocks. */
LATHE_C_API lathe_status lathe_cancellation_cancel(const lathe_cancellation* cancellation);
LATHE_C_API int32_t lathe_cancellation_cancelled(const lathe_cancellation* cancellation);
/* Runs that were given it keep what they need of it. */
LATHE_C_API void lathe_cancellation_free(lathe_cancellation* cancellation);

/* ---- Profiling ---- */

/* From here on steps are timed, where the backend can ("native"). */
LATHE_C_API lathe_status lathe_context_enable_profiling(lathe_context* context);
/* What steps have taken so far. */
LATHE_C_API lathe_status lathe_context_profile(const lathe_context* context,
                                               lathe_profile** profile);
LATHE_C_API void lathe_profile_free(lathe_profile* profile);

typedef struct lathe_step_time {
  size_t struct_size;    /* set it to sizeof(lathe_step_time) */
  const char* name;      /* of the node */
  const char* operators; /* "Conv+Add+Relu" where nodes were fused */
  const char* kernel;    /* that computed it */
  const char* missing;   /* why no kernel did, but the slow reference evaluator; else "" */
  int64_t macs;          /* multiply-accumulates of one run */
  int64_t runs;
  double total_ms;
} lathe_step_time;

LATHE_C_API size_t lathe_profile_count(const lathe_profile* profile);
LATHE_C_API lathe_status lathe_profile_step(const lathe_profile* profile, size_t index,
                                            lathe_step_time* step);

/* ---- Devices ---- */

LATHE_C_API lathe_status lathe_devices_create(lathe_devices** devices);
LATHE_C_API void lathe_devices_free(lathe_devices* devices);

typedef struct lathe_device_info {
  size_t struct_size; /* set it to sizeof(lathe_device_info) */
  const char* processor;
  const char* instruction_set; /* that kernels use */
  int32_t cores;               /* that this process may use */
  int64_t memory_bytes;
  size_t gpu_count;
  const char* const* gpus; /* of NVIDIA, by name */
  size_t instruction_set_count;
  const char* const* instruction_sets; /* that it has, of those that kernels are written for */
} lathe_device_info;
LATHE_C_API lathe_status lathe_devices_info(const lathe_devices* devices, lathe_device_info* info);

typedef struct lathe_backend_info {
  size_t struct_size; /* set it to sizeof(lathe_backend_info) */
  const char* name;
  int32_t available;
  const char* reason;  /* why it is not, and how to get it */
  const char* version; /* where it is available */
  size_t provider_count;
  const char* const* providers; /* execution providers, where it has such */
} lathe_backend_info;
LATHE_C_API size_t lathe_devices_backend_count(const lathe_devices* devices);
LATHE_C_API lathe_status lathe_devices_backend(const lathe_devices* devices, size_t index,
                                               lathe_backend_info* info);

#ifdef __cplusplus
}
#endif

#endif /* LATHE_C_API_H */
