// Fuzzes meaning, not syntax: the mutator takes a valid model and makes one operand's type or
// shape, one attribute, one constant or one edge wrong. What comes out is read, inferred, bound to
// extents, rewritten, compiled and evaluated; whatever is refused is refused by an error that names
// a place.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <onnx/onnx_pb.h>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/native.h"
#include "engine/reference.h"
#include "formats/onnx/lower_opset.h"
#include "formats/onnx/read_onnx.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"

namespace {

using namespace lathe;
using Random = std::minstd_rand;

std::int64_t below(Random& random, std::int64_t count) {
  return count <= 0 ? 0 : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(count));
}

// An extent, axis or number as a damaged file may have it.
std::int64_t odd_number(Random& random) {
  constexpr std::int64_t kOdd[] = {
      0,  1,   2,    3,      4,   5,   7,    8,         -1,        -2,        -3,        16,
      64, 255, 1000, 100000, 127, 128, -128, 1LL << 31, 1LL << 40, INT64_MAX, INT64_MIN, -100};
  return kOdd[below(random, std::ssize(kOdd))];
}

// Elements without a payload that fits would be refused by the reader alone: they are made to fit.
void fill(onnx::TensorProto& tensor, Random& random) {
  std::int64_t count = 1;
  for (const std::int64_t dim : tensor.dims()) count *= std::clamp<std::int64_t>(dim, 0, 64);
  const auto type = static_cast<ir::DataType>(tensor.data_type());
  if (!ir::is_known_data_type(tensor.data_type()) || ir::bits_per_element(type) == 0 ||
      count > 4096) {
    return;
  }
  std::string bytes((static_cast<std::size_t>(count * ir::bits_per_element(type)) + 7) / 8, '\0');
  for (char& byte : bytes) {
    if (below(random, 3) == 0) byte = static_cast<char>(random());
  }
  tensor.clear_float_data();
  tensor.clear_int32_data();
  tensor.clear_int64_data();
  tensor.clear_double_data();
  tensor.clear_uint64_data();
  tensor.clear_string_data();
  tensor.set_raw_data(bytes);
}

void damage_tensor(onnx::TensorProto& tensor, Random& random) {
  const std::int64_t choice = below(random, 4);
  if (choice == 0) {
    tensor.set_data_type(static_cast<int>(1 + below(random, 28)));
  } else if (choice == 1 && tensor.dims_size() > 0) {
    tensor.set_dims(static_cast<int>(below(random, tensor.dims_size())), below(random, 9));
  } else if (choice == 2) {
    tensor.add_dims(below(random, 4));
  } else if (tensor.dims_size() > 0) {
    tensor.mutable_dims()->RemoveLast();
  }
  fill(tensor, random);
}

void damage_type(onnx::ValueInfoProto& info, Random& random) {
  onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
  const std::int64_t choice = below(random, 5);
  if (choice == 0) {
    type.set_elem_type(static_cast<int>(1 + below(random, 28)));
  } else if (choice == 1) {
    type.clear_shape();
  } else if (choice == 2) {
    type.mutable_shape()->add_dim()->set_dim_value(below(random, 5));
  } else if (type.shape().dim_size() > 0) {
    auto& dim = *type.mutable_shape()->mutable_dim(
        static_cast<int>(below(random, type.shape().dim_size())));
    choice == 3 ? dim.set_dim_value(odd_number(random)) : dim.set_dim_param("N");
  }
}

void damage_attribute(onnx::AttributeProto& attribute, Random& random) {
  switch (attribute.type()) {
    case onnx::AttributeProto::INT:
      return attribute.set_i(odd_number(random));
    case onnx::AttributeProto::FLOAT:
      return attribute.set_f(static_cast<float>(odd_number(random)) / 8);
    case onnx::AttributeProto::STRING:
      return attribute.set_s(below(random, 2) == 0 ? "" : "SAME_UPPER");
    case onnx::AttributeProto::INTS:
      if (attribute.ints_size() > 0 && below(random, 2) == 0) {
        return attribute.set_ints(static_cast<int>(below(random, attribute.ints_size())),
                                  odd_number(random));
      }
      return below(random, 2) == 0 ? attribute.add_ints(odd_number(random))
                                   : attribute.clear_ints();
    case onnx::AttributeProto::TENSOR:
      return damage_tensor(*attribute.mutable_t(), random);
    default:
      return attribute.set_name("unknown");
  }
}

void damage_node(onnx::GraphProto& graph, Random& random) {
  onnx::NodeProto& node = *graph.mutable_node(static_cast<int>(below(random, graph.node_size())));
  const std::int64_t choice = below(random, 7);
  if (choice == 0 && node.attribute_size() > 0) {
    damage_attribute(
        *node.mutable_attribute(static_cast<int>(below(random, node.attribute_size()))), random);
  } else if (choice == 1 && node.attribute_size() > 0) {
    node.mutable_attribute()->DeleteSubrange(static_cast<int>(below(random, node.attribute_size())),
                                             1);
  } else if (choice == 2 && node.input_size() > 0) {
    node.mutable_input()->RemoveLast();
  } else if (choice == 3 && node.input_size() > 0) {
    node.set_input(static_cast<int>(below(random, node.input_size())), "");
  } else if (choice <= 5 && node.input_size() > 0) {
    // Another value: of an initializer, an input or any node, so that cycles come up too.
    std::vector<std::string> names;
    for (const auto& tensor : graph.initializer()) names.push_back(tensor.name());
    for (const auto& input : graph.input()) names.push_back(input.name());
    for (const auto& other : graph.node()) {
      for (const auto& output : other.output()) names.push_back(output);
    }
    if (names.empty()) return;
    const std::string& name = names[static_cast<std::size_t>(below(random, std::ssize(names)))];
    choice == 4 ? node.add_input(name)
                : node.set_input(static_cast<int>(below(random, node.input_size())), name);
  } else {
    const onnx::NodeProto& other = graph.node(static_cast<int>(below(random, graph.node_size())));
    node.set_op_type(other.op_type());
  }
}

void damage(onnx::ModelProto& model, Random& random) {
  onnx::GraphProto& graph = *model.mutable_graph();
  const std::int64_t choice = below(random, 8);
  if (choice <= 1 && graph.input_size() > 0) {
    damage_type(*graph.mutable_input(static_cast<int>(below(random, graph.input_size()))), random);
  } else if (choice <= 3 && graph.initializer_size() > 0) {
    damage_tensor(
        *graph.mutable_initializer(static_cast<int>(below(random, graph.initializer_size()))),
        random);
  } else if (choice == 4 && model.opset_import_size() > 0) {
    model.mutable_opset_import(0)->set_version(7 + below(random, 22));
  } else if (graph.node_size() > 0) {
    damage_node(graph, random);
  }
}

// Zeros and ones; small, so that no run is long.
std::vector<ir::Tensor> inputs_of(const engine::Executable& executable) {
  std::vector<ir::Tensor> inputs;
  for (const engine::TensorInfo& info : executable.inputs()) {
    ir::Tensor tensor = ir::Tensor::zeros(info.type.data_type, *ir::known_dims(*info.type.shape));
    if (ir::is_numeric(info.type.data_type)) {
      for (std::int64_t i = 0; i < tensor.num_elements(); i += 2) tensor.set_double(i, 1);
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

// A refusal names the place, and is never a fault of our own.
void check_refusal(const Error& error) {
  constexpr std::string_view kPlaces[] = {"node ",   "input '",       "output '", "value '",
                                          "opset",   "initializer '", "graph",    "operator",
                                          "at byte", "the model",     "the file"};
  const bool named = std::any_of(std::begin(kPlaces), std::end(kPlaces), [&](std::string_view p) {
    return error.message().find(p) != std::string::npos;
  });
  if (error.code() == ErrorCode::kInternal || !named) fatal(error.message());
}

constexpr std::int64_t kMostElements = 1 << 16;

// Whether evaluating it by plain loops takes no time.
bool is_small(const ir::Graph& graph) {
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const auto& shape = graph.tensor_type(static_cast<ir::ValueId>(i)).shape;
    const auto dims = shape ? ir::known_dims(*shape) : std::nullopt;
    if (dims && ir::element_count(*dims).value_or(kMostElements + 1) > kMostElements) return false;
  }
  for (const ir::NodeId id : graph.node_ids()) {
    for (const ir::Subgraph* subgraph : ir::subgraphs(graph.node(id)))
      if (!is_small(*subgraph->graph)) return false;
  }
  const auto macs = ops::count_macs(graph);
  return macs && *macs < 1 << 22;
}

void run_on(const engine::Backend& backend, const ir::Graph& graph) {
  const auto executable = backend.compile(graph, {.threads = 1, .memory_limit = 0});
  if (!executable.ok()) return check_refusal(executable.error());
  for (const engine::TensorInfo& info : (*executable)->inputs()) {
    if (!info.type.shape || !ir::fully_known(*info.type.shape)) return;
  }
  const std::vector<ir::Tensor> inputs = inputs_of(**executable);
  const std::vector<ir::Datum> values(inputs.begin(), inputs.end());
  const auto outputs = (*executable)->new_context()->run_values(values);
  if (!outputs.ok()) check_refusal(outputs.error());
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(data, static_cast<int>(size))) return 0;
  Random random(seed + 1);
  // Mostly one fault; several hide behind each other.
  for (std::int64_t left = 1 + (below(random, 4) == 0 ? below(random, 3) : 0); left > 0; --left)
    damage(model, random);
  std::string bytes;
  if (!model.SerializeToString(&bytes) || bytes.size() > most) return size;
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto graph = formats::parse_onnx(std::as_bytes(std::span(data, size)));
  if (!graph.ok()) {
    check_refusal(graph.error());
    return 0;
  }
  LATHE_CHECK(graph->verify().ok());
  const auto bound = engine::bind_shapes(*graph, {.batch = 1});
  if (!bound.ok()) {
    check_refusal(bound.error());
    return 0;
  }
  if (!is_small(*bound)) return 0;
  const int opset = 7 + static_cast<int>(size % 22);
  if (const auto older = formats::lower_opset(*graph, opset); !older.ok())
    check_refusal(older.error());
  const auto lowered = passes::run_phases(*bound, passes::inference_pipeline());
  if (!lowered.ok()) check_refusal(lowered.error());
  for (const engine::Backend* backend :
       {&engine::reference_backend(), &engine::lowered_backend(), &engine::native_backend()}) {
    run_on(*backend, *graph);
  }
  return 0;
}
