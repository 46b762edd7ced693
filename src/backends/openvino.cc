#include "backends/openvino.h"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <mutex>

#include "backends/openvino_api.h"
#include "base/cpu.h"
#include "formats/onnx/write_onnx.h"

namespace lathe::engine {
namespace {

using openvino::Library;

// The library's handle on an input or output; null for an input that nothing reads, which the
// library drops.
struct Place {
  Owned<openvino::Port> port;
  openvino::ElementType element_type = 0;
};

// What executable and contexts share. Requests of one compiled model may run at the same time.
struct Compiled {
  const Library* library;
  Owned<openvino::CompiledModel> model;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<Place> input_places;
  std::vector<Place> output_places;
};

// The processor's kernels hold 64-bit integers in 32 bits.
Status check_fits_32_bits(const ir::Tensor& tensor) {
  const auto check = [](auto values, auto least) -> Status {
    for (const auto value : values) {
      if (value < least || value > std::numeric_limits<std::int32_t>::max()) {
        return unsupported("holds {}, and OpenVINO computes 64-bit integers in 32 bits", value);
      }
    }
    return {};
  };
  if (tensor.data_type() == ir::DataType::kInt64) {
    constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
    return check(tensor.data<std::int64_t>(), kLeast);
  }
  if (tensor.data_type() == ir::DataType::kUint64) {
    return check(tensor.data<std::uint64_t>(), std::uint64_t{0});
  }
  return {};
}

// A tensor of the library's over our elements, which it only reads.
Result<Owned<openvino::Tensor>> wrap(const Library& library, const Place& place,
                                     const ir::Tensor& tensor) {
  std::vector<std::int64_t> extents = tensor.dims();
  const openvino::Shape shape{static_cast<std::int64_t>(extents.size()), extents.data()};
  return make_owned<openvino::Tensor>(
      library, library.api().tensor_free, library.api().tensor_create_from_host_ptr,
      place.element_type, shape,
      const_cast<void*>(static_cast<const void*>(tensor.bytes().data())));
}

// The type of a tensor that only the library knows.
Result<ir::TensorType> type_of(const Library& library, const openvino::Tensor& tensor) {
  const openvino::Functions& api = library.api();
  openvino::ElementType number = 0;
  openvino::Shape shape{};
  RETURN_IF_ERROR(library.check(api.tensor_get_element_type(&tensor, &number)));
  ASSIGN_OR_RETURN(const ir::DataType type, openvino::data_type(number));
  const openvino::StatusCode code = api.tensor_get_shape(&tensor, &shape);
  if (code == openvino::kInvalidParameter) return ir::TensorType{type, ir::Shape{}};  // a scalar
  RETURN_IF_ERROR(library.check(code));
  const ir::Shape extents(shape.extents, shape.extents + shape.rank);
  RETURN_IF_ERROR(library.check(api.shape_free(&shape)));
  return ir::TensorType{type, extents};
}

// A copy of what the library computed; `expected` is its type as far as that was known before.
Result<ir::Tensor> unwrap(const Library& library, ir::TensorType expected,
                          const openvino::Tensor& source) {
  const openvino::Functions& api = library.api();
  if (!expected.shape || !ir::fully_known(*expected.shape)) {
    ASSIGN_OR_RETURN(expected, type_of(library, source));
  }
  ASSIGN_OR_RETURN(ir::Tensor tensor,
                   ir::Tensor::create(expected.data_type, *ir::known_dims(*expected.shape)));
  std::size_t bytes = 0;
  void* data = nullptr;
  RETURN_IF_ERROR(library.check(api.tensor_get_byte_size(&source, &bytes)));
  if (bytes != tensor.num_bytes()) {
    return error(ErrorCode::kInternal, "OpenVINO made {} bytes, expected {}", bytes,
                 expected.to_string());
  }
  if (bytes == 0) return tensor;
  RETURN_IF_ERROR(library.check(api.tensor_data(&source, &data)));
  std::memcpy(tensor.mutable_bytes().data(), data, bytes);
  return tensor;
}

// Inputs up to this size are copied into the request's own memory: that takes less time than to
// make the request look elsewhere, while the copy is no larger than a first-level cache.
constexpr std::size_t kLargestCopiedInput = 32 << 10;

class OpenVinoContext final : public Context {
 public:
  explicit OpenVinoContext(std::shared_ptr<const Compiled> compiled)
      : compiled_(std::move(compiled)),
        request_(make_owned<openvino::InferRequest>(
            *compiled_->library, compiled_->library->api().infer_request_free,
            compiled_->library->api().compiled_model_create_infer_request,
            static_cast<const openvino::CompiledModel*>(compiled_->model.get()))),
        input_memory_(compiled_->inputs.size()) {}

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    if (!request_.ok()) return request_.error();
    RETURN_IF_ERROR(check_inputs(compiled_->inputs, inputs));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (const Status set = set_input(i, inputs[i]); !set.ok()) {
        return set.error().with_context(fmt::format("input '{}'", compiled_->inputs[i].name));
      }
    }
    const Library& library = *compiled_->library;
    RETURN_IF_ERROR(library.check(library.api().infer_request_infer(request_->get())));
    std::vector<ir::Tensor> outputs;
    for (std::size_t i = 0; i < compiled_->outputs.size(); ++i) {
      auto output = get_output(i);
      if (!output.ok()) {
        return output.error().with_context(fmt::format("output '{}'", compiled_->outputs[i].name));
      }
      outputs.push_back(std::move(*output));
    }
    return outputs;
  }

 private:
  // The tensor that the request has for an input or output now.
  [[nodiscard]] Result<Owned<openvino::Tensor>> tensor_at(const Place& place) const {
    const Library& library = *compiled_->library;
    return make_owned<openvino::Tensor>(library, library.api().tensor_free,
                                        library.api().infer_request_get_tensor_by_const_port,
                                        static_cast<const openvino::InferRequest*>(request_->get()),
                                        static_cast<const openvino::Port*>(place.port.get()));
  }

  Status set_input(std::size_t i, const ir::Tensor& input) {
    const Library& library = *compiled_->library;
    const Place& place = compiled_->input_places[i];
    if (place.port == nullptr) return {};
    RETURN_IF_ERROR(check_fits_32_bits(input));
    const std::size_t bytes = input.num_bytes();
    if (bytes == 0 || bytes > kLargestCopiedInput) {
      ASSIGN_OR_RETURN(const auto tensor, wrap(library, place, input));
      return library.check(library.api().infer_request_set_tensor_by_const_port(
          request_->get(), place.port.get(), tensor.get()));
    }
    if (input_memory_[i] == nullptr) {
      std::size_t room = 0;
      ASSIGN_OR_RETURN(const auto tensor, tensor_at(place));
      RETURN_IF_ERROR(library.check(library.api().tensor_get_byte_size(tensor.get(), &room)));
      if (room != bytes) {
        return error(ErrorCode::kInternal, "OpenVINO has room for {} bytes, expected {}", room,
                     input.type().to_string());
      }
      RETURN_IF_ERROR(library.check(library.api().tensor_data(tensor.get(), &input_memory_[i])));
    }
    std::memcpy(input_memory_[i], input.bytes().data(), bytes);
    return {};
  }

  [[nodiscard]] Result<ir::Tensor> get_output(std::size_t i) const {
    ASSIGN_OR_RETURN(const auto tensor, tensor_at(compiled_->output_places[i]));
    return unwrap(*compiled_->library, compiled_->outputs[i].type, *tensor);
  }

  std::shared_ptr<const Compiled> compiled_;  // outlives the request
  Result<Owned<openvino::InferRequest>> request_;
  std::vector<void*> input_memory_;  // the request's own, for the inputs that are copied
};

using OpenVinoExecutable = PeerExecutable<Compiled, OpenVinoContext>;

Result<Owned<openvino::CompiledModel>> compile_model(const Library& library,
                                                     const std::string& bytes,
                                                     const CompileOptions& options,
                                                     const Concurrency& concurrency) {
  // The library keeps one message of what went wrong, for all threads.
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  const openvino::Functions& api = library.api();
  ASSIGN_OR_RETURN(const openvino::Core* core, library.core());
  ASSIGN_OR_RETURN(const auto model,
                   make_owned<openvino::Model>(
                       library, api.model_free, api.core_read_model_from_memory_buffer, core,
                       bytes.data(), bytes.size(), static_cast<const openvino::Tensor*>(nullptr)));
  const std::string threads = std::to_string(concurrency.threads * concurrency.streams);
  const std::string streams = std::to_string(concurrency.streams);
  const std::string precision(precision_name(options.precision));
  const std::array<openvino::Property, 7> properties = {{
      {"INFERENCE_NUM_THREADS", threads.c_str()},
      {"NUM_STREAMS", streams.c_str()},
      {"PERFORMANCE_HINT", options.preference == Preference::kLatency ? "LATENCY" : "THROUGHPUT"},
      {"INFERENCE_PRECISION_HINT", precision.c_str()},
      // Otherwise activations that meet 8-bit weights are made 8-bit too, by itself.
      {"DYNAMIC_QUANTIZATION_GROUP_SIZE", "0"},
      // Threads stay where the scheduler puts them: pinned ones would fight with other processes'.
      {"ENABLE_CPU_PINNING", "NO"},
      // Cores are those the process may use, siblings of one physical core too.
      {"ENABLE_HYPER_THREADING", "YES"},
  }};
  return make_owned<openvino::CompiledModel>(library, api.compiled_model_free,
                                             api.core_compile_model_props, core,
                                             static_cast<const openvino::Model*>(model.get()),
                                             "CPU", properties.size(), properties.data());
}

Result<std::string> read_property(const Compiled& compiled, const char* key) {
  const Library& library = *compiled.library;
  char* value = nullptr;
  RETURN_IF_ERROR(
      library.check(library.api().compiled_model_get_property(compiled.model.get(), key, &value)));
  std::string text = value;
  library.api().free(value);
  return text;
}

Status check_precision(const Compiled& compiled, Precision asked) {
  ASSIGN_OR_RETURN(const std::string precision,
                   read_property(compiled, "INFERENCE_PRECISION_HINT"));
  if (precision == precision_name(asked)) return {};
  return unsupported("OpenVINO computes in {} on this machine, {} was asked for", precision,
                     precision_name(asked));
}

// A number that the compiled model was to have. It may have fewer where there are fewer cores,
// which is noted.
Result<int> read_count(const Compiled& compiled, const char* key, const char* what, int asked,
                       std::vector<std::string>& notes) {
  ASSIGN_OR_RETURN(const std::string value, read_property(compiled, key));
  if (value == std::to_string(asked)) return asked;
  int count = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (asked <= allowed_cores() || failed != std::errc() || count < 1) {
    return unsupported("OpenVINO takes {} {}, {} were asked for", value, what, asked);
  }
  notes.push_back(fmt::format("OpenVINO takes {} {} instead of {}: as many as there are cores",
                              value, what, asked));
  return count;
}

// What the compiled model computes with, against what it was told.
Result<Concurrency> read_concurrency(const Compiled& compiled, const Concurrency& asked,
                                     std::vector<std::string>& notes) {
  ASSIGN_OR_RETURN(const int threads, read_count(compiled, "INFERENCE_NUM_THREADS", "threads",
                                                 asked.threads * asked.streams, notes));
  ASSIGN_OR_RETURN(const int streams,
                   read_count(compiled, "NUM_STREAMS", "streams", asked.streams, notes));
  return Concurrency{threads / streams, streams};
}

// Extents are left unknown where only a run can tell them.
Result<ir::TensorType> type_of(const Library& library, const Place& place) {
  ir::TensorType type;
  ASSIGN_OR_RETURN(type.data_type, openvino::data_type(place.element_type));
  openvino::PartialShape partial{};
  RETURN_IF_ERROR(library.check(library.api().port_get_partial_shape(place.port.get(), &partial)));
  if (partial.rank.least == partial.rank.most) {
    type.shape.emplace();
    for (std::int64_t axis = 0; axis < partial.rank.most; ++axis) {
      const openvino::Dimension& extent = partial.extents[axis];
      type.shape->push_back(extent.least == extent.most ? ir::Dim(extent.least) : ir::Dim());
    }
  }
  library.api().partial_shape_free(&partial);
  return type;
}

using FindPort = decltype(openvino::Functions::compiled_model_input_by_name);

Result<Place> find_place(const Compiled& compiled, const std::string& name, FindPort find) {
  const Library& library = *compiled.library;
  ASSIGN_OR_RETURN(auto port, make_owned<openvino::Port>(
                                  library, library.api().output_const_port_free, find,
                                  static_cast<const openvino::CompiledModel*>(compiled.model.get()),
                                  name.c_str()));
  Place place{std::move(port)};
  RETURN_IF_ERROR(
      library.check(library.api().port_get_element_type(place.port.get(), &place.element_type)));
  return place;
}

// The library has the element types of the graph, unless its numbers for them have changed.
Status check_element_type(const Place& place, ir::DataType type) {
  ASSIGN_OR_RETURN(const openvino::ElementType expected, openvino::element_type(type));
  if (place.element_type == expected) return {};
  return error(ErrorCode::kInternal, "is of OpenVINO's element type {}, expected {} for {}",
               place.element_type, expected, ir::data_type_name(type));
}

Status find_inputs(Compiled& compiled) {
  const Library& library = *compiled.library;
  const openvino::Functions& api = library.api();
  std::size_t count = 0;
  RETURN_IF_ERROR(library.check(api.compiled_model_inputs_size(compiled.model.get(), &count)));
  for (const TensorInfo& info : compiled.inputs) {
    auto place = find_place(compiled, info.name, api.compiled_model_input_by_name);
    if (place.ok()) {
      RETURN_IF_ERROR(check_element_type(*place, info.type.data_type)
                          .with_context(fmt::format("input '{}'", info.name)));
      --count;
    } else {
      place = Place{{nullptr, api.output_const_port_free}};
    }
    compiled.input_places.push_back(std::move(*place));
  }
  if (count == 0) return {};
  return error(ErrorCode::kInternal, "OpenVINO has {} inputs that the graph does not name", count);
}

// Of a foreign graph the library tells the types.
Status find_outputs(Compiled& compiled, bool foreign) {
  const Library& library = *compiled.library;
  for (TensorInfo& info : compiled.outputs) {
    const std::string where = fmt::format("output '{}'", info.name);
    ASSIGN_OR_RETURN(Place place,
                     find_place(compiled, info.name, library.api().compiled_model_output_by_name)
                         .with_context(where));
    if (foreign) {
      ASSIGN_OR_RETURN(info.type, type_of(library, place).with_context(where));
    } else {
      RETURN_IF_ERROR(check_element_type(place, info.type.data_type).with_context(where));
    }
    compiled.output_places.push_back(std::move(place));
  }
  return {};
}

// Those whose elements cannot be handed over, before the library sees the graph.
Status check_element_types(std::string_view what, std::span<const TensorInfo> infos) {
  for (const TensorInfo& info : infos) {
    if (auto number = openvino::element_type(info.type.data_type); !number.ok()) {
      return number.error().with_context(fmt::format("{} '{}'", what, info.name));
    }
  }
  return {};
}

class OpenVinoBackend final : public PeerBackend<Library> {
 public:
  [[nodiscard]] std::string_view name() const override { return "openvino"; }

  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override {
    RETURN_IF_ERROR(check_no_providers(*this, options));
    RETURN_IF_ERROR(supports(graph));
    RETURN_IF_ERROR(check_no_memory_limit(*this, options));
    RETURN_IF_ERROR(check_no_strips(*this, options));
    RETURN_IF_ERROR(check_no_pool(*this, options));
    ASSIGN_OR_RETURN(const Library* library, Library::get());
    ASSIGN_OR_RETURN(const ir::Graph bound, bind_shapes(graph, options));
    const bool foreign = !bound.opsets.empty();
    std::vector<TensorInfo> inputs = describe_values(bound, bound.inputs());
    std::vector<TensorInfo> outputs = describe_values(bound, bound.outputs());
    RETURN_IF_ERROR(check_element_types("input", inputs));
    if (!foreign) RETURN_IF_ERROR(check_element_types("output", outputs));
    ASSIGN_OR_RETURN(const std::string bytes, formats::serialize_onnx(bound));
    const Concurrency asked = resolve_concurrency(options);
    ASSIGN_OR_RETURN(auto model, compile_model(*library, bytes, options, asked));
    auto compiled = std::make_shared<Compiled>(
        Compiled{library, std::move(model), std::move(inputs), std::move(outputs), {}, {}});
    RETURN_IF_ERROR(check_precision(*compiled, options.precision));
    std::vector<std::string> notes;
    ASSIGN_OR_RETURN(const Concurrency concurrency, read_concurrency(*compiled, asked, notes));
    RETURN_IF_ERROR(find_inputs(*compiled));
    RETURN_IF_ERROR(find_outputs(*compiled, foreign));
    return std::shared_ptr<const Executable>(
        std::make_shared<OpenVinoExecutable>(std::move(compiled), concurrency, std::move(notes)));
  }
};

}  // namespace

const Backend& openvino_backend() {
  static const OpenVinoBackend backend;
  return backend;
}

}  // namespace lathe::engine
