#include "lathe/c_api.h"

#include <array>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

#include "api/test_files.h"

namespace lathe {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::StartsWith;

template <auto kFree>
struct Freeing {
  template <typename T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};
template <typename T, auto kFree>
using Handle = std::unique_ptr<T, Freeing<kFree>>;
using ModelHandle = Handle<lathe_model, lathe_model_free>;
using ExecutableHandle = Handle<lathe_executable, lathe_executable_free>;
using ContextHandle = Handle<lathe_context, lathe_context_free>;
using TensorHandle = Handle<lathe_tensor, lathe_tensor_free>;

// What `make` puts in its last argument.
template <typename Owner, typename Make, typename... Arguments>
Owner made(Make make, Arguments... arguments) {
  typename Owner::pointer handle = nullptr;
  EXPECT_EQ(make(arguments..., &handle), LATHE_OK) << lathe_last_error();
  return Owner(handle);
}

class CApiTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = write_mlp(test_folder("c_api")).string();
    model_ = made<ModelHandle>(lathe_model_load, path.c_str());
    executable_ = made<ExecutableHandle>(lathe_model_compile, model_.get(),
                                         static_cast<lathe_options*>(nullptr));
    context_ = made<ContextHandle>(lathe_context_create, executable_.get());
    const Tensor values = ramp(1);
    std::copy(values.data<float>().begin(), values.data<float>().end(), image_.begin());
    input_ = made<TensorHandle>(lathe_tensor_borrow, LATHE_FLOAT32, kShape.data(), kShape.size(),
                                static_cast<const void*>(image_.data()), sizeof image_);
    const Tensor answer =
        Model::load(path).value().compile().value().new_context().run({&values, 1}).value()[0];
    std::copy(answer.data<float>().begin(), answer.data<float>().end(), expected_.begin());
  }

  // Runs the model; `output` is made where it is null.
  lathe_status run(lathe_tensor** output, const lathe_cancellation* cancellation = nullptr) {
    const lathe_tensor* inputs[] = {input_.get()};
    return lathe_context_run(context_.get(), inputs, 1, output, 1, cancellation);
  }
  static std::span<const float> floats(const lathe_tensor* tensor) {
    return {static_cast<const float*>(lathe_tensor_data(tensor)),
            static_cast<std::size_t>(lathe_tensor_size(tensor))};
  }

  static constexpr std::array<int64_t, 4> kShape{1, 1, 8, 8};
  static constexpr std::array<int64_t, 2> kOutputShape{1, 4};
  std::array<float, 64> image_{};
  std::array<float, 4> expected_{};
  ModelHandle model_;
  ExecutableHandle executable_;
  ContextHandle context_;
  TensorHandle input_;
};

TEST_F(CApiTest, DescribesModels) {
  const lathe_values* inputs = lathe_model_inputs(model_.get());
  ASSERT_EQ(lathe_values_count(inputs), 1U);
  lathe_value_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(lathe_values_at(inputs, 0, &info), LATHE_OK);
  EXPECT_STREQ(info.name, "input");
  EXPECT_STREQ(lathe_data_type_name(info.data_type), "float32");
  ASSERT_EQ(info.rank, 4);
  EXPECT_THAT(std::span(info.shape, 4), testing::ElementsAre(LATHE_UNKNOWN_EXTENT, 1, 8, 8));
  EXPECT_STREQ(info.dimensions[0], "N");
  EXPECT_STREQ(info.dimensions[1], "");
  ASSERT_EQ(lathe_values_at(lathe_executable_outputs(executable_.get()), 0, &info), LATHE_OK);
  EXPECT_THAT(std::span(info.shape, 2), testing::ElementsAre(1, 4));
  EXPECT_STREQ(lathe_model_metadata(model_.get(), "purpose"), "tests");
  const char* key = nullptr;
  const char* value = nullptr;
  ASSERT_EQ(lathe_model_metadata_count(model_.get()), 1U);
  ASSERT_EQ(lathe_model_metadata_at(model_.get(), 0, &key, &value), LATHE_OK);
  EXPECT_STREQ(key, "purpose");
  EXPECT_STREQ(value, "tests");
  EXPECT_EQ(lathe_model_metadata_at(model_.get(), 1, &key, &value), LATHE_INVALID_ARGUMENT);
  std::size_t index = 7;
  EXPECT_EQ(lathe_values_find(inputs, "input", &index), LATHE_OK);
  EXPECT_EQ(index, 0U);
  EXPECT_EQ(lathe_values_find(inputs, "image", &index), LATHE_NOT_FOUND);
  EXPECT_STREQ(lathe_last_error(), "there is no value 'image': known are 'input'");
}

TEST_F(CApiTest, MakesOutputsAndWritesToThoseThatAreThere) {
  lathe_tensor* output = nullptr;
  ASSERT_EQ(run(&output), LATHE_OK) << lathe_last_error();
  const TensorHandle owner(output);
  EXPECT_THAT(floats(output), ElementsAreArray(expected_));
  EXPECT_EQ(lathe_tensor_rank(output), 2U);
  EXPECT_EQ(lathe_tensor_byte_count(output), 16U);
  const void* place = lathe_tensor_data(output);
  ASSERT_EQ(run(&output), LATHE_OK);
  EXPECT_EQ(output, owner.get());
  EXPECT_EQ(lathe_tensor_data(output), place);

  std::array<float, 4> memory{};
  const auto borrowed =
      made<TensorHandle>(lathe_tensor_borrow_writable, LATHE_FLOAT32, kOutputShape.data(),
                         std::size_t{2}, static_cast<void*>(memory.data()), sizeof memory);
  output = borrowed.get();
  ASSERT_EQ(run(&output), LATHE_OK);
  EXPECT_THAT(memory, ElementsAreArray(expected_));
}

TEST_F(CApiTest, RunsByName) {
  const char* inputs[] = {"input"};
  const char* outputs[] = {"logits"};
  const lathe_tensor* given[] = {input_.get()};
  lathe_tensor* output = nullptr;
  ASSERT_EQ(lathe_context_run_named(context_.get(), inputs, given, 1, outputs, &output, 1, nullptr),
            LATHE_OK)
      << lathe_last_error();
  const TensorHandle owner(output);
  EXPECT_THAT(floats(output), ElementsAreArray(expected_));
  EXPECT_EQ(lathe_context_run_named(context_.get(), inputs, given, 1, nullptr, nullptr, 0, nullptr),
            LATHE_OK);
  EXPECT_EQ(
      lathe_context_run_named(context_.get(), outputs, given, 1, nullptr, nullptr, 0, nullptr),
      LATHE_NOT_FOUND);
  EXPECT_STREQ(lathe_last_error(), "the model has no input 'logits'");
  const char* twice[] = {"logits", "logits"};
  lathe_tensor* both[] = {nullptr, nullptr};
  EXPECT_EQ(lathe_context_run_named(context_.get(), inputs, given, 1, twice, both, 2, nullptr),
            LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(both[0], nullptr);
}

TEST_F(CApiTest, CompilesWithOptions) {
  lathe_options* options = nullptr;
  ASSERT_EQ(lathe_options_create(&options), LATHE_OK);
  const Handle<lathe_options, lathe_options_free> owner(options);
  const auto pool =
      made<Handle<lathe_worker_pool, lathe_worker_pool_free>>(lathe_worker_pool_create, 2);
  EXPECT_EQ(lathe_worker_pool_threads(pool.get()), 2);
  EXPECT_EQ(lathe_options_set_worker_pool(options, pool.get()), LATHE_OK);
  EXPECT_EQ(lathe_options_set_dimension(options, "N", 3), LATHE_OK);
  EXPECT_EQ(lathe_options_set_streams(options, 2), LATHE_OK);
  EXPECT_EQ(lathe_options_set_preference(options, LATHE_THROUGHPUT), LATHE_OK);
  EXPECT_EQ(lathe_options_set_precision(options, LATHE_COMPUTE_FLOAT32), LATHE_OK);
  const auto executable = made<ExecutableHandle>(lathe_model_compile, model_.get(),
                                                 static_cast<const lathe_options*>(options));
  EXPECT_EQ(lathe_executable_streams(executable.get()), 2);
  EXPECT_EQ(lathe_executable_threads(executable.get()), 1);  // too small to gain by two
  EXPECT_GT(lathe_executable_weight_bytes(executable.get()), 0U);
  lathe_value_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(lathe_values_at(lathe_executable_inputs(executable.get()), 0, &info), LATHE_OK);
  EXPECT_EQ(info.shape[0], 3);

  lathe_executable* none = nullptr;
  EXPECT_EQ(lathe_options_set_threads(options, 3), LATHE_OK);
  EXPECT_EQ(lathe_model_compile(model_.get(), options, &none), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(lathe_options_set_worker_pool(options, nullptr), LATHE_OK);
  EXPECT_EQ(lathe_options_set_memory_limit(options, 16), LATHE_OK);
  EXPECT_EQ(lathe_model_compile(model_.get(), options, &none), LATHE_RESOURCE_EXHAUSTED);
  EXPECT_EQ(lathe_options_set_backend(options, "abacus"), LATHE_OK);
  EXPECT_EQ(lathe_model_compile(model_.get(), options, &none), LATHE_INVALID_ARGUMENT);
  EXPECT_THAT(lathe_last_error(), HasSubstr("abacus"));
  EXPECT_EQ(lathe_options_set_threads(options, -1), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(lathe_options_set_precision(options, 3), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(lathe_options_set_preference(options, 2), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(none, nullptr);
}

TEST_F(CApiTest, PlansForShapes) {
  const std::array<int64_t, 4> shape{5, 1, 8, 8};
  const int64_t* shapes[] = {shape.data()};
  const std::size_t ranks[] = {4};
  lathe_values* outputs = nullptr;
  ASSERT_EQ(lathe_executable_plan(executable_.get(), shapes, ranks, 1, &outputs), LATHE_OK)
      << lathe_last_error();
  lathe_value_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(lathe_values_at(outputs, 0, &info), LATHE_OK);
  EXPECT_THAT(std::span(info.shape, 2), testing::ElementsAre(5, 4));
  lathe_values_free(outputs);
  outputs = nullptr;
  const std::size_t huge[] = {std::size_t{1} << 40};
  EXPECT_EQ(lathe_executable_plan(executable_.get(), shapes, huge, 1, &outputs),
            LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(lathe_executable_plan(executable_.get(), shapes, ranks, 2, &outputs),
            LATHE_INVALID_ARGUMENT);
  EXPECT_THAT(lathe_last_error(), HasSubstr("2 shapes given, the model wants 1"));
  EXPECT_EQ(outputs, nullptr);
}

TEST_F(CApiTest, AnswersRequests) {
  const lathe_tensor* inputs[] = {input_.get()};
  lathe_request* request = nullptr;
  ASSERT_EQ(lathe_executable_submit(executable_.get(), inputs, 1, LATHE_COMPLETE_IN_ORDER, nullptr,
                                    &request),
            LATHE_OK);
  EXPECT_EQ(lathe_request_wait(request), LATHE_OK);
  EXPECT_EQ(lathe_request_ready(request), 1);
  lathe_tensor* output = input_.get();
  EXPECT_EQ(lathe_request_get(request, &output, 1), LATHE_INVALID_ARGUMENT);
  output = nullptr;
  EXPECT_EQ(lathe_request_get(request, &output, 2), LATHE_INVALID_ARGUMENT);
  ASSERT_EQ(lathe_request_get(request, &output, 1), LATHE_OK);
  EXPECT_THAT(floats(output), ElementsAreArray(expected_));
  lathe_tensor_free(output);
  output = nullptr;
  EXPECT_EQ(lathe_request_get(request, &output, 1), LATHE_INVALID_ARGUMENT);
  lathe_request_free(request);
}

TEST_F(CApiTest, Cancels) {
  const auto cancellation =
      made<Handle<lathe_cancellation, lathe_cancellation_free>>(lathe_cancellation_create);
  EXPECT_EQ(lathe_cancellation_cancelled(cancellation.get()), 0);
  EXPECT_EQ(lathe_cancellation_cancel(cancellation.get()), LATHE_OK);
  EXPECT_EQ(lathe_cancellation_cancelled(cancellation.get()), 1);
  lathe_tensor* output = nullptr;
  EXPECT_EQ(run(&output, cancellation.get()), LATHE_CANCELLED);
  EXPECT_EQ(output, nullptr);
  const lathe_tensor* inputs[] = {input_.get()};
  lathe_request* request = nullptr;
  ASSERT_EQ(lathe_executable_submit(executable_.get(), inputs, 1, LATHE_COMPLETE_ANY,
                                    cancellation.get(), &request),
            LATHE_OK);
  EXPECT_EQ(lathe_request_cancel(request), LATHE_OK);
  EXPECT_EQ(lathe_request_get(request, &output, 1), LATHE_CANCELLED);
  lathe_request_free(request);
}

TEST_F(CApiTest, Profiles) {
  ASSERT_EQ(lathe_context_enable_profiling(context_.get()), LATHE_OK);
  lathe_tensor* output = nullptr;
  ASSERT_EQ(run(&output), LATHE_OK);
  lathe_tensor_free(output);
  lathe_profile* profile = nullptr;
  ASSERT_EQ(lathe_context_profile(context_.get(), &profile), LATHE_OK);
  ASSERT_GT(lathe_profile_count(profile), 0U);
  lathe_step_time step{};
  step.struct_size = sizeof step;
  ASSERT_EQ(lathe_profile_step(profile, 0, &step), LATHE_OK);
  EXPECT_EQ(step.runs, 1);
  EXPECT_STRNE(step.kernel, "");
  EXPECT_EQ(lathe_profile_step(profile, 1000, &step), LATHE_INVALID_ARGUMENT);
  lathe_profile_free(profile);
}

TEST(CApi, TellsOfDevices) {
  lathe_devices* devices = nullptr;
  ASSERT_EQ(lathe_devices_create(&devices), LATHE_OK);
  lathe_device_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(lathe_devices_info(devices, &info), LATHE_OK);
  EXPECT_GE(info.cores, 1);
  EXPECT_GE(info.instruction_set_count, 1U);
  lathe_backend_info backend{};
  backend.struct_size = sizeof backend;
  ASSERT_GT(lathe_devices_backend_count(devices), 0U);
  ASSERT_EQ(lathe_devices_backend(devices, 0, &backend), LATHE_OK);
  EXPECT_STREQ(backend.name, "native");
  EXPECT_EQ(backend.available, 1);
  EXPECT_EQ(lathe_devices_backend(devices, 100, &backend), LATHE_INVALID_ARGUMENT);
  lathe_devices_free(devices);
}

// A program built with a header that has more fields than this library fills finds the rest as it
// was; one that did not set the size is told.
TEST_F(CApiTest, StructuresMayGrow) {
  struct {
    lathe_value_info info;
    int64_t later;
  } larger{};
  larger.info.struct_size = sizeof larger;
  larger.later = 7;
  ASSERT_EQ(lathe_values_at(lathe_model_inputs(model_.get()), 0, &larger.info), LATHE_OK);
  EXPECT_EQ(larger.info.struct_size, sizeof larger);
  EXPECT_EQ(larger.later, 7);
  lathe_value_info unset{};
  EXPECT_EQ(lathe_values_at(lathe_model_inputs(model_.get()), 0, &unset), LATHE_INVALID_ARGUMENT);
  EXPECT_THAT(lathe_last_error(), HasSubstr("struct_size"));
}

TEST_F(CApiTest, RefusesTensorsThatMakeNoSense) {
  lathe_tensor* tensor = nullptr;
  const auto borrow = [&](lathe_data_type type, std::size_t rank, std::size_t offset,
                          std::size_t bytes) {
    const auto* data = reinterpret_cast<const char*>(image_.data()) + offset;
    return lathe_tensor_borrow(type, kShape.data(), rank, data, bytes, &tensor);
  };
  EXPECT_EQ(borrow(LATHE_FLOAT32, 4, 0, 255), LATHE_INVALID_ARGUMENT);
  EXPECT_THAT(lathe_last_error(), HasSubstr("has 255 bytes, expected 256"));
  EXPECT_EQ(borrow(LATHE_FLOAT32, 2, 1, 4), LATHE_INVALID_ARGUMENT);
  EXPECT_THAT(lathe_last_error(), HasSubstr("multiple of 4 bytes"));
  EXPECT_EQ(borrow(LATHE_STRING, 4, 0, 256), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(borrow(99, 4, 0, 256), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(borrow(-1, 4, 0, 256), LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(borrow(LATHE_FLOAT32, 65, 0, 256), LATHE_INVALID_ARGUMENT);
  EXPECT_THAT(lathe_last_error(), HasSubstr("65 axes"));
  const int64_t negative[] = {-1};
  EXPECT_NE(lathe_tensor_create(LATHE_FLOAT32, negative, 1, &tensor), LATHE_OK);
  const int64_t huge[] = {INT64_MAX, 2};
  EXPECT_NE(lathe_tensor_create(LATHE_FLOAT32, huge, 2, &tensor), LATHE_OK);
  EXPECT_EQ(tensor, nullptr);
  ASSERT_EQ(lathe_tensor_create(LATHE_INT8, nullptr, 0, &tensor), LATHE_OK);
  EXPECT_EQ(lathe_tensor_size(tensor), 1);
  lathe_tensor_free(tensor);
}

TEST_F(CApiTest, RefusesWrongInputsAndOutputs) {
  lathe_tensor* output = nullptr;
  const auto half =
      made<TensorHandle>(lathe_tensor_create, LATHE_FLOAT16, kShape.data(), kShape.size());
  const lathe_tensor* wrong[] = {half.get()};
  EXPECT_EQ(lathe_context_run(context_.get(), wrong, 1, &output, 1, nullptr),
            LATHE_INVALID_ARGUMENT);
  EXPECT_STREQ(lathe_last_error(), "input 'input' is float16[1,1,8,8], expected float32[N,1,8,8]");
  const lathe_tensor* inputs[] = {input_.get(), nullptr};
  lathe_tensor* outputs[] = {nullptr, nullptr};
  EXPECT_EQ(lathe_context_run(context_.get(), inputs, 2, outputs, 1, nullptr),
            LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(lathe_context_run(context_.get(), inputs + 1, 1, outputs, 1, nullptr),
            LATHE_INVALID_ARGUMENT);
  EXPECT_EQ(lathe_context_run(context_.get(), inputs, 1, outputs, 2, nullptr),
            LATHE_INVALID_ARGUMENT);
  EXPECT_STREQ(lathe_last_error(), "2 outputs given, the model has 1");
  std::array<float, 5> memory{};
  const int64_t shape[] = {1, 5};
  const auto longer =
      made<TensorHandle>(lathe_tensor_borrow_writable, LATHE_FLOAT32, shape, std::size_t{2},
                         static_cast<void*>(memory.data()), sizeof memory);
  output = longer.get();
  EXPECT_EQ(run(&output), LATHE_INVALID_ARGUMENT);
  EXPECT_STREQ(lathe_last_error(),
               "output 'logits' is float32[1,4], the memory given for it is float32[1,5]");
  EXPECT_EQ(outputs[0], nullptr);
}

TEST_F(CApiTest, TellsOfDamagedModels) {
  lathe_model* model = nullptr;
  EXPECT_EQ(lathe_model_load("/missing/model.onnx", &model), LATHE_NOT_FOUND);
  EXPECT_THAT(lathe_last_error(), StartsWith("/missing/model.onnx"));
  const std::string path = (test_folder("c_api") / "mlp.onnx").string();
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  ASSERT_EQ(lathe_model_parse(bytes.data(), bytes.size(), &model), LATHE_OK);
  lathe_model_free(model);
  model = nullptr;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size() - 1})
    EXPECT_NE(lathe_model_parse(bytes.data(), size, &model), LATHE_OK) << size;
  std::string damaged = bytes;
  damaged[10] = static_cast<char>(0xff);
  EXPECT_NE(lathe_model_parse(damaged.data(), damaged.size(), &model), LATHE_OK);
  EXPECT_EQ(model, nullptr);
}

TEST_F(CApiTest, NullIsRefusedEverywhere) {
  const auto refused = [](lathe_status status) {
    EXPECT_EQ(status, LATHE_INVALID_ARGUMENT);
    EXPECT_THAT(lathe_last_error(), HasSubstr("NULL"));
  };
  lathe_model* model = nullptr;
  refused(lathe_model_load(nullptr, &model));
  refused(lathe_model_load("x", nullptr));
  refused(lathe_model_parse(nullptr, 1, &model));
  refused(lathe_model_compile(nullptr, nullptr, nullptr));
  refused(lathe_model_compile(model_.get(), nullptr, nullptr));
  refused(lathe_model_metadata_at(nullptr, 0, nullptr, nullptr));
  refused(lathe_values_at(nullptr, 0, nullptr));
  refused(lathe_values_at(lathe_model_inputs(model_.get()), 0, nullptr));
  refused(lathe_values_find(nullptr, "x", nullptr));
  refused(lathe_options_create(nullptr));
  refused(lathe_options_set_threads(nullptr, 1));
  refused(lathe_options_set_batch(nullptr, 1));
  refused(lathe_options_set_dimension(nullptr, "N", 1));
  refused(lathe_options_set_shape(nullptr, "x", nullptr, 0));
  refused(lathe_options_set_backend(nullptr, "native"));
  refused(lathe_options_add_provider(nullptr, "cpu"));
  refused(lathe_options_set_provider_option(nullptr, "cpu", "a", "b"));
  refused(lathe_options_set_worker_pool(nullptr, nullptr));
  refused(lathe_worker_pool_create(1, nullptr));
  refused(lathe_executable_plan(nullptr, nullptr, nullptr, 0, nullptr));
  refused(lathe_tensor_create(LATHE_FLOAT32, kShape.data(), 4, nullptr));
  lathe_tensor* tensor = nullptr;
  refused(lathe_tensor_create(LATHE_FLOAT32, nullptr, 4, &tensor));
  refused(lathe_tensor_borrow(LATHE_FLOAT32, kShape.data(), 4, nullptr, 256, &tensor));
  refused(lathe_context_create(nullptr, nullptr));
  refused(lathe_context_run(nullptr, nullptr, 0, nullptr, 0, nullptr));
  refused(lathe_context_run(context_.get(), nullptr, 1, &tensor, 1, nullptr));
  refused(
      lathe_context_run_named(context_.get(), nullptr, nullptr, 1, nullptr, nullptr, 0, nullptr));
  refused(lathe_context_enable_profiling(nullptr));
  refused(lathe_context_profile(nullptr, nullptr));
  refused(lathe_profile_step(nullptr, 0, nullptr));
  refused(lathe_executable_submit(nullptr, nullptr, 0, 0, nullptr, nullptr));
  refused(lathe_request_wait(nullptr));
  refused(lathe_request_cancel(nullptr));
  refused(lathe_request_get(nullptr, nullptr, 0));
  refused(lathe_cancellation_create(nullptr));
  refused(lathe_cancellation_cancel(nullptr));
  refused(lathe_devices_create(nullptr));
  refused(lathe_devices_info(nullptr, nullptr));
  refused(lathe_devices_backend(nullptr, 0, nullptr));

  lathe_model_free(nullptr);
  lathe_options_free(nullptr);
  lathe_executable_free(nullptr);
  lathe_context_free(nullptr);
  lathe_tensor_free(nullptr);
  lathe_values_free(nullptr);
  lathe_request_free(nullptr);
  lathe_cancellation_free(nullptr);
  lathe_worker_pool_free(nullptr);
  lathe_profile_free(nullptr);
  lathe_devices_free(nullptr);
  EXPECT_EQ(lathe_model_inputs(nullptr), nullptr);
  EXPECT_EQ(lathe_model_outputs(nullptr), nullptr);
  EXPECT_EQ(lathe_model_metadata_count(nullptr), 0U);
  EXPECT_EQ(lathe_model_metadata(nullptr, "x"), nullptr);
  EXPECT_EQ(lathe_model_metadata(model_.get(), "not there"), nullptr);
  EXPECT_EQ(lathe_values_count(nullptr), 0U);
  EXPECT_EQ(lathe_executable_inputs(nullptr), nullptr);
  EXPECT_EQ(lathe_executable_note(executable_.get(), 1000), nullptr);
  EXPECT_EQ(lathe_tensor_data(nullptr), nullptr);
  EXPECT_EQ(lathe_tensor_mutable_data(nullptr), nullptr);
  EXPECT_EQ(lathe_tensor_size(nullptr), 0);
  EXPECT_EQ(lathe_request_ready(nullptr), 0);
  EXPECT_EQ(lathe_worker_pool_threads(nullptr), 0);
  EXPECT_EQ(lathe_profile_count(nullptr), 0U);
}

TEST(CApi, ErrorsAreOfTheThread) {
  lathe_model* model = nullptr;
  EXPECT_EQ(lathe_model_load(nullptr, &model), LATHE_INVALID_ARGUMENT);
  std::thread([] { EXPECT_STREQ(lathe_last_error(), ""); }).join();
  EXPECT_STREQ(lathe_last_error(), "lathe_model_load: path is NULL");
  for (lathe_status status = LATHE_OK; status <= LATHE_CANCELLED; ++status)
    EXPECT_STRNE(lathe_status_name(status), "unknown status");
  EXPECT_STREQ(lathe_status_name(99), "unknown status");
  EXPECT_STREQ(lathe_version(), LATHE_VERSION);
}

}  // namespace
}  // namespace lathe
