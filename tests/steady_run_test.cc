// After its first run, an inference allocates nothing, locks nothing and makes no system call. All
// three are counted: allocations and locks by functions that stand before the C library's, system
// calls by a child process that has given up the right to make any.
#include <array>
#include <atomic>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "formats/onnx/write_onnx.h"
#include "lathe/c_api.h"
#include "lathe/lathe.h"

namespace {

std::atomic<bool> counting = false;
std::atomic<long> allocations = 0;
std::atomic<long> locks = 0;

void count(std::atomic<long>& what) {
  if (counting.load(std::memory_order_relaxed)) ++what;
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  count(allocations);
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  count(allocations);
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t size) {
  count(allocations);
  return __libc_realloc(p, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count(allocations);
  return __libc_memalign(alignment, size);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static const auto real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  count(locks);
  return real(mutex);
}
}

namespace lathe::engine {
namespace {

// One context and inputs of several shapes in turns.
struct Model {
  explicit Model(const char* name) {
    const auto executable = compile(native_backend(), test_network(name));
    context = executable->new_context();
    const std::vector<std::int64_t> dims = *ir::known_dims(*executable->inputs()[0].type.shape);
    for (const std::int64_t batch : {1, 3}) {
      std::vector<std::int64_t> shape = dims;
      shape[0] = batch;
      inputs.push_back({random_input(shape, 1)});
      outputs.emplace_back();
    }
  }

  bool run() {
    bool ok = true;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      ok = context->run_into(inputs[i], outputs[i]).ok() && ok;
    return ok;
  }

  std::unique_ptr<Context> context;
  std::vector<std::array<ir::Tensor, 1>> inputs;
  std::vector<std::vector<ir::Tensor>> outputs;
};

class SteadyRunTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }
};

TEST_P(SteadyRunTest, NeitherAllocatesNorLocks) {
  Model model(GetParam());
  ASSERT_TRUE(model.run());
  allocations = locks = 0;
  counting = true;
  bool ok = true;
  for (int i = 0; i < 5; ++i) ok = model.run() && ok;
  counting = false;
  EXPECT_TRUE(ok);
  EXPECT_EQ(allocations, 0);
  EXPECT_EQ(locks, 0);
}

TEST_P(SteadyRunTest, TheCountersCount) {
  Model model(GetParam());
  allocations = locks = 0;
  counting = true;
  const auto outputs = model.context->run(model.inputs[0]);
  counting = false;
  EXPECT_TRUE(outputs.ok());
  EXPECT_GT(allocations, 0);
}

TEST_P(SteadyRunTest, MakesNoSystemCall) {
  Model model(GetParam());
  ASSERT_TRUE(model.run());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(77);
    bool ok = true;
    for (int i = 0; i < 5; ++i) ok = model.run() && ok;
    syscall(SYS_exit, ok ? 0 : 1);  // exit_group is not among those that are left
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp here";
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status) << " for a system call";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// The library's calls on the caller's memory, in C++ and in C.
TEST_P(SteadyRunTest, NorDoesTheLibrary) {
  const auto path = std::filesystem::temp_directory_path() /
                    fmt::format("steady_{}_{}.onnx", GetParam(), getpid());
  ASSERT_TRUE(formats::write_onnx(test_network(GetParam()), path).ok());
  const auto model = lathe::Model::load(path);
  lathe_model* c_model = nullptr;
  EXPECT_EQ(lathe_model_load(path.c_str(), &c_model), LATHE_OK);
  std::filesystem::remove(path);
  ASSERT_TRUE(model.ok());
  const lathe::Executable executable = model->compile({.threads = 1}).value();
  lathe::Context context = executable.new_context();
  const std::vector<std::int64_t>& in = executable.inputs()[0].shape;
  const std::vector<std::int64_t>& out = executable.outputs()[0].shape;
  const auto input = lathe::Tensor::zeros(lathe::DataType::kFloat32, in).value();
  std::vector<float> memory(static_cast<std::size_t>(out[0] * out[1]));
  auto output = lathe::Tensor::borrow_writable<float>(out, std::span(memory)).value();

  lathe_options* options = nullptr;
  lathe_executable* c_executable = nullptr;
  lathe_context* c_context = nullptr;
  lathe_tensor* c_input = nullptr;
  lathe_tensor* c_output = nullptr;
  EXPECT_EQ(lathe_options_create(&options), LATHE_OK);
  EXPECT_EQ(lathe_options_set_threads(options, 1), LATHE_OK);
  EXPECT_EQ(lathe_model_compile(c_model, options, &c_executable), LATHE_OK);
  EXPECT_EQ(lathe_context_create(c_executable, &c_context), LATHE_OK);
  EXPECT_EQ(lathe_tensor_create(LATHE_FLOAT32, in.data(), in.size(), &c_input), LATHE_OK);
  const auto run = [&] {
    return context.run_into({&input, 1}, {&output, 1}).ok() &&
           lathe_context_run(c_context, &c_input, 1, &c_output, 1, nullptr) == LATHE_OK;
  };
  EXPECT_TRUE(run());
  allocations = locks = 0;
  counting = true;
  bool ok = true;
  for (int i = 0; i < 5; ++i) ok = run() && ok;
  counting = false;
  EXPECT_TRUE(ok);
  EXPECT_EQ(allocations, 0);
  EXPECT_EQ(locks, 0);
  lathe_tensor_free(c_output);
  lathe_tensor_free(c_input);
  lathe_context_free(c_context);
  lathe_executable_free(c_executable);
  lathe_options_free(options);
  lathe_model_free(c_model);
}

INSTANTIATE_TEST_SUITE_P(All, SteadyRunTest,
                         testing::Values("mlp", "cnn", "mobile", "resnet8", "mobilenet_v2"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace lathe::engine
