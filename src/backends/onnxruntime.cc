#include "backends/onnxruntime.h"

#include <algorithm>
#include <cstring>
#include <fmt/ranges.h>

#include "backends/execution_providers.h"
#include "backends/onnxruntime_api.h"
#include "formats/onnx/write_onnx.h"

namespace lathe::engine {
namespace {

using ort::Library;

constexpr int kAllOptimizations = 99;  // ORT_ENABLE_ALL
constexpr int kArenaAllocator = 1;     // OrtArenaAllocator
constexpr int kDefaultMemory = 0;      // OrtMemTypeDefault

// What executable and contexts share. ONNX Runtime's Run may be called from several threads.
struct Session {
  const Library* library;
  Owned<ort::OrtSession> session;
  Owned<ort::OrtMemoryInfo> memory;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<const char*> input_names;  // of inputs, as the library takes them
  std::vector<const char*> output_names;
};

// The library numbers element types as ONNX does.
Result<ir::TensorType> tensor_type(const Library& library,
                                   const ort::OrtTensorTypeAndShapeInfo& info) {
  int number = 0;
  std::size_t rank = 0;
  RETURN_IF_ERROR(library.check(library.api().GetTensorElementType(&info, &number)));
  RETURN_IF_ERROR(library.check(library.api().GetDimensionsCount(&info, &rank)));
  if (!ir::is_known_data_type(number)) {
    return unsupported("elements of type {} are not supported", number);
  }
  std::vector<std::int64_t> extents(rank);
  RETURN_IF_ERROR(library.check(library.api().GetDimensions(&info, extents.data(), rank)));
  ir::Shape shape;
  for (const std::int64_t extent : extents) shape.push_back(extent < 0 ? ir::Dim() : extent);
  return ir::TensorType{static_cast<ir::DataType>(number), std::move(shape)};
}

// A value of the library's over the tensor's own elements, which it reads or writes in place.
Result<Owned<ort::OrtValue>> wrap(const Session& session, const ir::Tensor& tensor) {
  const Library& library = *session.library;
  return make_owned<ort::OrtValue>(
      library, library.api().ReleaseValue, library.api().CreateTensorWithDataAsOrtValue,
      session.memory.get(), const_cast<void*>(static_cast<const void*>(tensor.bytes().data())),
      tensor.num_bytes(), tensor.dims().data(), tensor.rank(),
      static_cast<int>(tensor.data_type()));
}

// A copy of what the library made.
Result<ir::Tensor> unwrap(const Library& library, ort::OrtValue& value) {
  int is_tensor = 0;
  RETURN_IF_ERROR(library.check(library.api().IsTensor(&value, &is_tensor)));
  if (is_tensor == 0) return unsupported("is no tensor");
  ASSIGN_OR_RETURN(const auto info, make_owned<ort::OrtTensorTypeAndShapeInfo>(
                                        library, library.api().ReleaseTensorTypeAndShapeInfo,
                                        library.api().GetTensorTypeAndShape,
                                        static_cast<const ort::OrtValue*>(&value)));
  ASSIGN_OR_RETURN(const ir::TensorType type, tensor_type(library, *info));
  if (type.data_type == ir::DataType::kString) return unsupported("holds strings");
  ASSIGN_OR_RETURN(ir::Tensor tensor,
                   ir::Tensor::create(type.data_type, *ir::known_dims(*type.shape)));
  void* data = nullptr;
  RETURN_IF_ERROR(library.check(library.api().GetTensorMutableData(&value, &data)));
  if (tensor.num_bytes() > 0) std::memcpy(tensor.mutable_bytes().data(), data, tensor.num_bytes());
  return tensor;
}

class OnnxRuntimeContext final : public Context {
 public:
  explicit OnnxRuntimeContext(std::shared_ptr<const Session> session)
      : session_(std::move(session)) {}

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    const Session& session = *session_;
    const Library& library = *session.library;
    RETURN_IF_ERROR(check_inputs(session.inputs, inputs));
    std::vector<Owned<ort::OrtValue>> owned;
    std::vector<const ort::OrtValue*> given;
    for (const ir::Tensor& input : inputs) {
      ASSIGN_OR_RETURN(owned.emplace_back(nullptr, nullptr), wrap(session, input));
      given.push_back(owned.back().get());
    }
    // Outputs whose extents are known are written where they shall be; others the library makes.
    std::vector<ir::Tensor> outputs(session.outputs.size());
    std::vector<ort::OrtValue*> made(outputs.size(), nullptr);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const ir::TensorType& type = session.outputs[i].type;
      const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
      if (!dims) continue;
      ASSIGN_OR_RETURN(outputs[i], ir::Tensor::create(type.data_type, *dims));
      ASSIGN_OR_RETURN(owned.emplace_back(nullptr, nullptr), wrap(session, outputs[i]));
      made[i] = owned.back().get();
    }
    RETURN_IF_ERROR(library.check(
        library.api().Run(session.session.get(), nullptr, session.input_names.data(), given.data(),
                          given.size(), session.output_names.data(), made.size(), made.data())));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].defined()) continue;
      const Owned<ort::OrtValue> value(made[i], library.api().ReleaseValue);
      const std::string where = fmt::format("output '{}'", session.outputs[i].name);
      ASSIGN_OR_RETURN(outputs[i], unwrap(library, *value).with_context(where));
    }
    return outputs;
  }

 private:
  std::shared_ptr<const Session> session_;
};

using OnnxRuntimeExecutable = PeerExecutable<Session, OnnxRuntimeContext>;

Result<Owned<ort::OrtSessionOptions>> session_options(const Library& library,
                                                      const Concurrency& concurrency) {
  const ort::Functions& api = library.api();
  ASSIGN_OR_RETURN(Owned<ort::OrtSessionOptions> session,
                   make_owned<ort::OrtSessionOptions>(library, api.ReleaseSessionOptions,
                                                      api.CreateSessionOptions));
  // One pool serves all streams; the thread that calls Run is one of each inference's.
  const int pool = concurrency.streams * (concurrency.threads - 1) + 1;
  // Workers that spin answer sooner, but take the time of other streams.
  const bool spin = concurrency.streams == 1;
  RETURN_IF_ERROR(library.check(api.SetIntraOpNumThreads(session.get(), pool)));
  RETURN_IF_ERROR(library.check(api.SetInterOpNumThreads(session.get(), 1)));
  RETURN_IF_ERROR(
      library.check(api.SetSessionGraphOptimizationLevel(session.get(), kAllOptimizations)));
  RETURN_IF_ERROR(library.check(api.AddSessionConfigEntry(
      session.get(), "session.intra_op.allow_spinning", spin ? "1" : "0")));
  return session;
}

// Makes a session that computes with the execution providers asked for, as far as they can be had.
class SessionMaker {
 public:
  SessionMaker(const Library& library, const std::string& model, const CompileOptions& options,
               const Concurrency& concurrency)
      : library_(library), model_(model), options_(options), concurrency_(concurrency) {}

  Result<Owned<ort::OrtSession>> make() {
    RETURN_IF_ERROR(check_provider_options());
    ASSIGN_OR_RETURN(const std::vector<std::string> accelerators, find_accelerators());
    const bool processor = options_.providers.empty() || asks_for("cpu");
    // A device may turn out not to be there only when the session is made: then without it.
    for (std::span<const std::string> set(accelerators);; set = set.subspan(1)) {
      if (set.empty() && !processor) {
        return error(ErrorCode::kUnavailable, "{}; add cpu to --provider to fall back to it",
                     fmt::join(notes_, "; "));
      }
      auto session = make_with(set);
      if (session.ok() && !options_.providers.empty()) {
        std::vector<std::string> used(set.begin(), set.end());
        used.emplace_back("cpu");
        notes_.push_back(fmt::format("computes on {}", fmt::join(used, ", then ")));
      }
      if (session.ok() || set.empty()) return session;
      pass_over(set.front(), session.error());
    }
  }

  // Which providers compute and why not others, once make() is done.
  [[nodiscard]] std::vector<std::string> notes() const { return notes_; }

 private:
  [[nodiscard]] bool asks_for(const std::string& provider) const {
    return std::any_of(
        options_.providers.begin(), options_.providers.end(),
        [&](const std::string& name) { return ort::short_provider_name(name) == provider; });
  }

  [[nodiscard]] Status check_provider_options() const {
    for (const auto& [name, unused] : options_.provider_options) {
      const std::string provider = ort::short_provider_name(name);
      if (provider == "cpu") return invalid_argument("provider cpu takes no options");
      if (!asks_for(provider)) {
        return invalid_argument("options are given for provider {}, which is not asked for", name);
      }
    }
    return {};
  }

  [[nodiscard]] ort::ProviderOptions options_for(const std::string& provider) const {
    for (const auto& [name, given] : options_.provider_options)
      if (ort::short_provider_name(name) == provider) return given;
    return {};
  }

  void pass_over(const std::string& provider, const Error& reason) {
    notes_.push_back(fmt::format("provider {} is passed over: {}", provider, reason.message()));
  }

  // Those asked for that this build of the library takes, in that order.
  Result<std::vector<std::string>> find_accelerators() {
    std::vector<std::string> found;
    for (const std::string& name : options_.providers) {
      const std::string provider = ort::short_provider_name(name);
      if (provider == "cpu") break;  // it takes every node: none behind it can get any
      ASSIGN_OR_RETURN(const auto trial, session_options(library_, concurrency_));
      const Status appended =
          ort::append_provider(library_, *trial, provider, options_for(provider));
      if (appended.ok()) {
        found.push_back(provider);
      } else {
        pass_over(provider, appended.error());
      }
    }
    return found;
  }

  Result<Owned<ort::OrtSession>> make_with(std::span<const std::string> providers) {
    ASSIGN_OR_RETURN(const ort::OrtEnv* environment, library_.environment());
    ASSIGN_OR_RETURN(const auto session, session_options(library_, concurrency_));
    for (const std::string& provider : providers) {
      RETURN_IF_ERROR(ort::append_provider(library_, *session, provider, options_for(provider)));
    }
    return make_owned<ort::OrtSession>(library_, library_.api().ReleaseSession,
                                       library_.api().CreateSessionFromArray, environment,
                                       static_cast<const void*>(model_.data()), model_.size(),
                                       static_cast<const ort::OrtSessionOptions*>(session.get()));
  }

  const Library& library_;
  const std::string& model_;
  const CompileOptions& options_;
  const Concurrency& concurrency_;
  std::vector<std::string> notes_;
};

// Outputs of a foreign graph have the types that the library finds.
Status take_output_types(Session& session) {
  const Library& library = *session.library;
  for (std::size_t i = 0; i < session.outputs.size(); ++i) {
    ASSIGN_OR_RETURN(
        const auto info,
        make_owned<ort::OrtTypeInfo>(
            library, library.api().ReleaseTypeInfo, library.api().SessionGetOutputTypeInfo,
            static_cast<const ort::OrtSession*>(session.session.get()), i));
    const ort::OrtTensorTypeAndShapeInfo* tensor = nullptr;  // owned by info
    RETURN_IF_ERROR(library.check(library.api().CastTypeInfoToTensorInfo(info.get(), &tensor)));
    const std::string where = fmt::format("output '{}'", session.outputs[i].name);
    if (tensor == nullptr) return unsupported("{}: is no tensor", where);
    ASSIGN_OR_RETURN(session.outputs[i].type, tensor_type(library, *tensor).with_context(where));
  }
  return {};
}

class OnnxRuntimeBackend final : public PeerBackend<Library> {
 public:
  [[nodiscard]] std::string_view name() const override { return "onnxruntime"; }
  [[nodiscard]] std::vector<std::string> providers() const override {
    const auto library = Library::get();
    return library.ok() ? ort::usable_providers(**library) : std::vector<std::string>{};
  }

  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override {
    if (options.precision != Precision::kFloat32) {
      return unsupported(
          "backend 'onnxruntime' computes in f32, {} was asked for; a provider may have an option "
          "for it (--provider-option)",
          precision_name(options.precision));
    }
    RETURN_IF_ERROR(supports(graph));
    RETURN_IF_ERROR(check_no_memory_limit(*this, options));
    RETURN_IF_ERROR(check_no_strips(*this, options));
    RETURN_IF_ERROR(check_no_pool(*this, options));
    ASSIGN_OR_RETURN(const Library* library, Library::get());
    ASSIGN_OR_RETURN(const ir::Graph bound, bind_shapes(graph, options));
    ASSIGN_OR_RETURN(const std::string model, formats::serialize_onnx(bound));
    const Concurrency concurrency = resolve_concurrency(options);
    SessionMaker maker(*library, model, options, concurrency);
    ASSIGN_OR_RETURN(auto made, maker.make());
    const ort::Functions& api = library->api();
    ASSIGN_OR_RETURN(auto memory, make_owned<ort::OrtMemoryInfo>(*library, api.ReleaseMemoryInfo,
                                                                 api.CreateCpuMemoryInfo,
                                                                 kArenaAllocator, kDefaultMemory));
    auto session = std::make_shared<Session>(Session{library,
                                                     std::move(made),
                                                     std::move(memory),
                                                     describe_values(bound, bound.inputs()),
                                                     describe_values(bound, bound.outputs()),
                                                     {},
                                                     {}});
    if (!bound.opsets.empty()) RETURN_IF_ERROR(take_output_types(*session));
    for (const auto* infos : {&session->inputs, &session->outputs}) {
      for (const TensorInfo& info : *infos) {
        if (info.type.data_type == ir::DataType::kString) {
          return unsupported("'{}' holds strings, which backend 'onnxruntime' does not pass on",
                             info.name);
        }
      }
    }
    for (const TensorInfo& info : session->inputs) {
      session->input_names.push_back(info.name.c_str());
    }
    for (const TensorInfo& info : session->outputs) {
      session->output_names.push_back(info.name.c_str());
    }
    return std::shared_ptr<const Executable>(
        std::make_shared<OnnxRuntimeExecutable>(std::move(session), concurrency, maker.notes()));
  }
};

}  // namespace

const Backend& onnxruntime_backend() {
  static const OnnxRuntimeBackend backend;
  return backend;
}

}  // namespace lathe::engine
