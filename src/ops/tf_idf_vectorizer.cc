#include <algorithm>
#include <map>
#include <optional>

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

using Ints = std::vector<std::int64_t>;
using Strings = std::vector<std::string>;

template <typename T>
const T* find_list(Attributes attributes, std::string_view name) {
  const ir::Attribute* attribute = attributes.find(name);
  return attribute == nullptr || std::get<T>(*attribute).empty() ? nullptr
                                                                 : &std::get<T>(*attribute);
}

// The attributes, checked.
struct NgramForm {
  enum class Mode { kCount, kPresence, kWeightedCount } mode = Mode::kCount;
  std::int64_t shortest = 1;
  std::int64_t longest = 1;
  std::int64_t most_skipped = 0;
  Ints counts;  // where the n-grams of each length begin in the pool, and behind the last its size
  const Ints* indexes;                          // of the columns, by n-gram
  const std::vector<float>* weights = nullptr;  // by n-gram; null: 1 each
  const Ints* pool_ints = nullptr;              // either this
  const Strings* pool_strings = nullptr;        // or this
  std::int64_t columns = 0;
};

Result<NgramForm::Mode> read_mode(Attributes attributes) {
  const std::string& mode = attributes.get_string("mode");
  if (mode == "TF") return NgramForm::Mode::kCount;
  if (mode == "IDF") return NgramForm::Mode::kPresence;
  if (mode == "TFIDF") return NgramForm::Mode::kWeightedCount;
  return invalid_data("mode is '{}', expected TF, IDF or TFIDF", mode);
}

Status read_lengths(Attributes attributes, NgramForm& form) {
  form.shortest = attributes.get_int("min_gram_length");
  form.longest = attributes.get_int("max_gram_length");
  form.most_skipped = attributes.get_int("max_skip_count");
  if (form.shortest < 1)
    return invalid_data("min_gram_length is {}, expected 1 or more", form.shortest);
  if (form.longest < form.shortest) {
    return invalid_data("max_gram_length is {}, but min_gram_length is {}", form.longest,
                        form.shortest);
  }
  if (form.most_skipped < 0)
    return invalid_data("max_skip_count is {}, expected 0 or more", form.most_skipped);
  return {};
}

// How many n-grams the pool has.
Result<std::int64_t> check_counts(const Ints& counts) {
  std::int64_t ngrams = 0;
  for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
    const auto length = static_cast<std::int64_t>(i) + 1;
    if (counts[i] < 0)
      return invalid_data("ngram_counts has the value {}, expected 0 or more", counts[i]);
    if (counts[i] > counts[i + 1]) {
      return invalid_data(
          "ngram_counts has {} behind {}, expected rising numbers up to {}, the size of the pool",
          counts[i + 1], counts[i], counts.back());
    }
    if ((counts[i + 1] - counts[i]) % length != 0) {
      return invalid_data("ngram_counts leaves {} items for n-grams of {}",
                          counts[i + 1] - counts[i], length);
    }
    ngrams += (counts[i + 1] - counts[i]) / length;
  }
  return ngrams;
}

Status read_pool(Attributes attributes, NgramForm& form) {
  form.pool_ints = find_list<Ints>(attributes, "pool_int64s");
  form.pool_strings = find_list<Strings>(attributes, "pool_strings");
  if ((form.pool_ints == nullptr) == (form.pool_strings == nullptr))
    return invalid_data("needs either pool_int64s or pool_strings");
  form.counts = *attributes.find_ints("ngram_counts");
  if (form.counts.empty()) return invalid_data("ngram_counts is empty");
  form.counts.push_back(form.pool_ints != nullptr ? std::ssize(*form.pool_ints)
                                                  : std::ssize(*form.pool_strings));
  ASSIGN_OR_RETURN(const std::int64_t ngrams, check_counts(form.counts));
  form.indexes = attributes.find_ints("ngram_indexes");
  if (form.indexes->empty() || std::ssize(*form.indexes) < ngrams) {
    return invalid_data("ngram_indexes has {} values for {} n-grams", form.indexes->size(), ngrams);
  }
  const auto [least, most] = std::minmax_element(form.indexes->begin(), form.indexes->end());
  constexpr std::int64_t kMostColumns = std::int64_t{1} << 40;
  if (*least < 0 || *most >= kMostColumns) {
    return invalid_data("ngram_indexes has the value {}, expected 0 to {}",
                        *least < 0 ? *least : *most, kMostColumns - 1);
  }
  form.columns = *most + 1;
  form.weights = find_list<std::vector<float>>(attributes, "weights");
  if (form.weights != nullptr && form.weights->size() != form.indexes->size()) {
    return invalid_data("weights has {} values, ngram_indexes has {}", form.weights->size(),
                        form.indexes->size());
  }
  return {};
}

Result<NgramForm> read_ngrams(Attributes attributes) {
  NgramForm form;
  ASSIGN_OR_RETURN(form.mode, read_mode(attributes));
  RETURN_IF_ERROR(read_lengths(attributes, form));
  RETURN_IF_ERROR(read_pool(attributes, form));
  return form;
}

Result<Types> infer_tf_idf_vectorizer(const InferContext& context) {
  ASSIGN_OR_RETURN(const NgramForm form, read_ngrams(context.attributes()));
  const ir::TensorType& x = context.input(0);
  const bool is_text = x.data_type == ir::DataType::kString;
  if (x.data_type != ir::DataType::kUndefined && is_text != (form.pool_strings != nullptr)) {
    return invalid_data("{} is {}, but the pool is of {}", context.place(0), x.to_string(),
                        is_text ? "integers" : "strings");
  }
  ir::TensorType y{ir::DataType::kFloat32, std::nullopt};
  if (x.shape) {
    if (x.shape->empty() || x.shape->size() > 2) {
      return invalid_data("{} has shape {}, expected [C] or [N,C]", context.place(0),
                          ir::to_string(*x.shape));
    }
    y.shape = x.shape;
    y.shape->back() = form.columns;
  }
  return std::vector{y};
}

// The n-grams of the pool as a tree: from its root, each path that a gram's tokens name leads to
// the gram.
class NgramTree {
 public:
  static constexpr std::int64_t kNone = -1;

  // `gram` is its place among all of the pool.
  void add(std::span<const std::int64_t> tokens, std::int64_t gram) {
    std::size_t node = 0;
    for (const std::int64_t token : tokens) {
      const auto [edge, is_new] = edges_.try_emplace({node, token}, grams_.size());
      if (is_new) grams_.push_back(kNone);
      node = edge->second;
    }
    grams_[node] = gram;
  }

  [[nodiscard]] std::optional<std::size_t> child(std::size_t node, std::int64_t token) const {
    const auto edge = edges_.find({node, token});
    return edge == edges_.end() ? std::nullopt : std::optional(edge->second);
  }
  // The one that ends at a node, or kNone.
  [[nodiscard]] std::int64_t gram(std::size_t node) const { return grams_[node]; }
  [[nodiscard]] bool empty() const { return edges_.empty(); }

 private:
  // Ordered, since files could choose what they hold so that hashes collide.
  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> edges_;
  std::vector<std::int64_t> grams_{kNone};
};

// What is in the pool, and numbers for it.
template <typename T>
class Tokens {
 public:
  explicit Tokens(const std::vector<T>& pool) {
    for (const T& token : pool)
      numbers_.push_back(
          by_token_.try_emplace(token, static_cast<std::int64_t>(by_token_.size())).first->second);
  }
  // Of the pool, in order.
  [[nodiscard]] std::span<const std::int64_t> numbers() const { return numbers_; }
  [[nodiscard]] std::int64_t number(const T& token) const {
    const auto known = by_token_.find(token);
    return known == by_token_.end() ? NgramTree::kNone : known->second;
  }

 private:
  std::map<T, std::int64_t> by_token_;
  Ints numbers_;
};

NgramTree plant(const NgramForm& form, std::span<const std::int64_t> pool) {
  NgramTree tree;
  std::int64_t gram = 0;
  for (std::size_t length = 1; length < form.counts.size(); ++length) {
    const auto size = static_cast<std::int64_t>(length);
    const bool is_wanted = size >= form.shortest && size <= form.longest;
    for (std::int64_t begin = form.counts[length - 1]; begin < form.counts[length]; begin += size) {
      if (is_wanted) tree.add(pool.subspan(static_cast<std::size_t>(begin), length), gram);
      ++gram;
    }
  }
  return tree;
}

// Calls found(gram) for each n-gram in a row of tokens. Those of one token are found once, others
// for each distance between their tokens.
template <typename Found>
void find_ngrams(const NgramForm& form, const NgramTree& tree, std::span<const std::int64_t> row,
                 Found found) {
  const auto extent = std::ssize(row);
  std::int64_t shortest = form.shortest;
  for (std::int64_t distance = 1; distance <= std::min(form.most_skipped, extent) + 1; ++distance) {
    if (shortest > 1 && distance > (extent - 1) / (shortest - 1)) return;
    for (std::int64_t start = 0; start < extent; ++start) {
      std::size_t node = 0;
      std::int64_t length = 1;
      for (std::int64_t item = start; item < extent && length <= form.longest; item += distance) {
        const auto next = tree.child(node, row[static_cast<std::size_t>(item)]);
        if (!next) break;
        node = *next;
        if (length >= shortest && tree.gram(node) != NgramTree::kNone) found(tree.gram(node));
        ++length;
      }
    }
    shortest = std::max<std::int64_t>(shortest, 2);
    if (shortest > form.longest) return;
  }
}

void write_row(const NgramForm& form, const NgramTree& tree, std::span<const std::int64_t> row,
               std::span<float> out) {
  std::map<std::int64_t, double> columns;
  find_ngrams(form, tree, row, [&](std::int64_t gram) {
    const auto place = static_cast<std::size_t>(gram);
    const double weight = form.weights == nullptr ? 1 : static_cast<double>((*form.weights)[place]);
    const std::int64_t column = (*form.indexes)[place];
    switch (form.mode) {
      case NgramForm::Mode::kCount:
        columns[column] += 1;
        break;
      case NgramForm::Mode::kPresence:
        columns.try_emplace(column, weight);
        break;
      case NgramForm::Mode::kWeightedCount:
        columns[column] += weight;
        break;
    }
  });
  for (const auto& [column, value] : columns)
    out[static_cast<std::size_t>(column)] = static_cast<float>(value);
}

Ints numbers_of(const ir::Tensor& x, const NgramForm& form, NgramTree& tree) {
  Ints numbers;
  if (form.pool_strings != nullptr) {
    const Tokens<std::string> tokens(*form.pool_strings);
    tree = plant(form, tokens.numbers());
    for (const std::string& text : x.data<std::string>()) numbers.push_back(tokens.number(text));
  } else {
    const Tokens<std::int64_t> tokens(*form.pool_ints);
    tree = plant(form, tokens.numbers());
    for (std::int64_t i = 0; i < x.num_elements(); ++i)
      numbers.push_back(tokens.number(x.get_int64(i)));
  }
  return numbers;
}

Result<Values> evaluate_tf_idf_vectorizer(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const NgramForm form, read_ngrams(context.attributes()));
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat32,
                                                    require_dims(context.output_types[0])));
  NgramTree tree;
  const Ints numbers = numbers_of(x, form, tree);
  if (numbers.empty() || tree.empty()) return std::vector{std::move(y)};
  const auto extent = static_cast<std::size_t>(x.dims().back());
  const auto columns = static_cast<std::size_t>(form.columns);
  const auto out = y.mutable_data<float>();
  for (std::size_t row = 0; row < numbers.size() / extent; ++row) {
    write_row(form, tree, std::span(numbers).subspan(row * extent, extent),
              out.subspan(row * columns, columns));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_TfIdfVectorizer() {
  return {.name = "TfIdfVectorizer",
          .infer = infer_tf_idf_vectorizer,
          .evaluate = evaluate_tf_idf_vectorizer};
}

}  // namespace lathe::ops
