// Any bytes end in a graph or an error; what was read can be written, and reads back as the same.
#include <cstddef>
#include <cstdint>
#include <span>

#include "formats/onnx/model_header.h"
#include "formats/onnx/read_onnx.h"
#include "formats/onnx/write_onnx.h"
#include "ir/print.h"

namespace {

// A model with operators that Lathe lacks, as others get it.
void check_foreign(std::span<const std::byte> bytes) {
  using namespace lathe;
  formats::ReadOptions options;
  options.unknown_operators = formats::UnknownOperators::kKeep;
  const auto graph = formats::parse_onnx(bytes, options);
  if (!graph.ok()) {
    LATHE_CHECK(graph.error().code() != ErrorCode::kInternal);
    return;
  }
  LATHE_CHECK(graph->verify().ok());
  const std::string text = formats::serialize_onnx(*graph).value();
  const auto again = formats::parse_onnx(std::as_bytes(std::span(text)), options);
  LATHE_CHECK(ir::to_text(again.value()) == ir::to_text(*graph));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lathe;
  (void)formats::parse_model_header({reinterpret_cast<const char*>(data), size});
  const auto graph = formats::parse_onnx(std::as_bytes(std::span(data, size)));
  if (!graph.ok()) {
    LATHE_CHECK(!graph.error().message().empty());
    LATHE_CHECK(graph.error().code() != ErrorCode::kInternal);
    check_foreign(std::as_bytes(std::span(data, size)));
    return 0;
  }
  LATHE_CHECK(graph->verify().ok());
  const std::string bytes = formats::serialize_onnx(*graph).value();
  const auto again = formats::parse_onnx(std::as_bytes(std::span(bytes)));
  LATHE_CHECK(ir::to_text(again.value()) == ir::to_text(*graph));
  return 0;
}
