#include "ops/attention_heads.h"

namespace lathe::ops {
namespace rotary_embedding {
namespace {

enum Input : std::size_t { kX, kCos, kSin, kPositions };

// The extent of cos_cache and sin_cache: half of what is rotated.
Result<ir::Dim> rotated_pairs(const Attributes& attributes, const ir::Dim& head_size) {
  const std::int64_t rotated = attributes.get_int("rotary_embedding_dim");
  const bool fits = rotated >= 0 && (!head_size.known() || rotated <= head_size.value());
  if (rotated % 2 != 0 || !fits) {
    return invalid_data("rotary_embedding_dim is {}, expected an even number up to {}", rotated,
                        head_size.known() ? head_size.to_string() : "the size of a head");
  }
  if (rotated > 0) return ir::Dim(rotated / 2);
  if (head_size.known() && head_size.value() % 2 != 0)
    return invalid_data("heads have {} elements, expected an even number", head_size.value());
  return ir::Dim(floor_div(head_size.symbolic(), 2));
}

Result<Types> infer_rotary_embedding(const InferContext& context) {
  const Attributes attributes = context.attributes();
  const auto& x = context.input(kX).shape;
  NamedExtents extents(context);
  if (x && x->size() == 3) {
    ASSIGN_OR_RETURN(const std::int64_t heads, head_count(attributes, "num_heads"));
    RETURN_IF_ERROR(extents.match(kX, {"batch_size", "sequence_length", "hidden_size"}));
    RETURN_IF_ERROR(split_heads(extents, "hidden_size", heads, "head_size"));
  } else {
    RETURN_IF_ERROR(extents.match(kX, {"batch_size", "num_heads", "sequence_length", "head_size"}));
  }
  ASSIGN_OR_RETURN(const ir::Dim pairs, rotated_pairs(attributes, extents["head_size"]));
  extents.set("pairs", pairs);
  const bool positions = context.has_input(kPositions);
  RETURN_IF_ERROR(extents.match(kPositions, {"batch_size", "sequence_length"}));
  for (const std::size_t cache : {kCos, kSin}) {
    RETURN_IF_ERROR(extents.match(
        cache, positions ? std::vector<std::string>{"positions", "pairs"}
                         : std::vector<std::string>{"batch_size", "sequence_length", "pairs"}));
  }
  return infer_like_input(context);
}

Status check_positions(std::span<const std::int64_t> positions, std::int64_t count) {
  for (const std::int64_t position : positions) {
    if (position < 0 || position >= count) {
      return invalid_data("position_ids has the value {}, expected 0 to {}", position, count - 1);
    }
  }
  return {};
}

// Each pair of elements is a point of the plane that is turned by the angle of its place. All types
// that the signature allows have been widened to float32.
Result<Values> evaluate_rotary_embedding(const EvaluateContext& context) {
  const Attributes attributes = context.attributes();
  const ir::Tensor& x = context.inputs[kX];
  const bool interleaved = attributes.get_bool("interleaved");
  const auto cos = context.inputs[kCos].data<float>();
  const auto sin = context.inputs[kSin].data<float>();
  const auto positions = context.has_input(kPositions)
                             ? context.inputs[kPositions].data<std::int64_t>()
                             : std::span<const std::int64_t>();
  if (context.has_input(kPositions))
    RETURN_IF_ERROR(check_positions(positions, context.inputs[kCos].dim(0)));
  ir::Tensor y = x;
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const std::int64_t* stated = attributes.find_int("num_heads");
  const HeadLayout layout(x.dims(), stated == nullptr ? 1 : *stated);
  const auto in = x.data<float>();
  const auto out = y.mutable_data<float>();
  const auto pairs = static_cast<std::size_t>(context.inputs[kCos].dims().back());
  for (std::int64_t batch = 0; batch < layout.batches; ++batch) {
    for (std::int64_t step = 0; step < layout.sequence; ++step) {
      auto row = static_cast<std::size_t>(batch * layout.sequence + step);
      if (!positions.empty()) row = static_cast<std::size_t>(positions[row]);
      for (std::int64_t head = 0; head < layout.heads; ++head) {
        const auto from = layout.vector(in, batch, head, step);
        const auto to = layout.vector(out, batch, head, step);
        for (std::size_t i = 0; i < pairs; ++i) {
          const std::size_t first = interleaved ? 2 * i : i;
          const std::size_t second = interleaved ? first + 1 : i + pairs;
          const auto c = static_cast<double>(cos[row * pairs + i]);
          const auto s = static_cast<double>(sin[row * pairs + i]);
          const auto a = static_cast<double>(from[first]);
          const auto b = static_cast<double>(from[second]);
          to[first] = static_cast<float>(c * a - s * b);
          to[second] = static_cast<float>(s * a + c * b);
        }
      }
    }
  }
  return std::vector{std::move(y)};
}

}  // namespace
}  // namespace rotary_embedding

OpDef define_RotaryEmbedding() {
  return {.name = "RotaryEmbedding",
          .infer = rotary_embedding::infer_rotary_embedding,
          .evaluate = rotary_embedding::evaluate_rotary_embedding};
}

}  // namespace lathe::ops
