#include "ops/recurrent_activation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/suggest.h"

namespace lathe::ops {
namespace {

struct KnownActivation {
  std::string_view name;
  Activation::Kind kind;
  std::optional<double> alpha;  // the default; nothing where the function has no alpha
  std::optional<double> beta;
};

constexpr KnownActivation kKnownActivations[] = {
    {"Relu", Activation::Kind::kRelu, {}, {}},
    {"Tanh", Activation::Kind::kTanh, {}, {}},
    {"Sigmoid", Activation::Kind::kSigmoid, {}, {}},
    {"Affine", Activation::Kind::kAffine, 1.0, 0.0},
    {"LeakyRelu", Activation::Kind::kLeakyRelu, 0.01, {}},
    {"ThresholdedRelu", Activation::Kind::kThresholdedRelu, 1.0, {}},
    {"ScaledTanh", Activation::Kind::kScaledTanh, 1.0, 1.0},
    {"HardSigmoid", Activation::Kind::kHardSigmoid, 0.2, 0.5},
    {"Elu", Activation::Kind::kElu, 1.0, {}},
    {"Softsign", Activation::Kind::kSoftsign, {}, {}},
    {"Softplus", Activation::Kind::kSoftplus, {}, {}},
};

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

Result<KnownActivation> find_activation(std::string_view name) {
  std::vector<std::string> names;
  for (const KnownActivation& known : kKnownActivations) {
    if (same_but_for_case(known.name, name)) return known;
    names.emplace_back(known.name);
  }
  return invalid_data("activations: there is no '{}'{}", name, did_you_mean(name, names));
}

// The values of an attribute, one for each function that takes one, in their order.
class ActivationParameters {
 public:
  ActivationParameters(const Attributes& attributes, std::string_view name) {
    if (const ir::Attribute* given = attributes.find(name))
      values_ = std::get<std::vector<float>>(*given);
  }

  double take(const std::optional<double>& fallback) {
    if (!fallback) return 0;
    return next_ < values_.size() ? static_cast<double>(values_[next_++]) : *fallback;
  }

 private:
  std::vector<float> values_;
  std::size_t next_ = 0;
};

// Of all directions.
Result<std::vector<std::string>> activation_names(const Attributes& attributes,
                                                  std::span<const std::string_view> names,
                                                  std::size_t directions) {
  const ir::Attribute* given = attributes.find("activations");
  const std::size_t expected = names.size() * directions;
  if (given != nullptr) {
    std::vector<std::string> stated = std::get<std::vector<std::string>>(*given);
    // The signature of RNN names one for each of two directions, which need not be there.
    if (names.size() == 1 && stated.size() == 2) stated.resize(expected);
    if (stated.size() == expected) return stated;
    if (!stated.empty())
      return invalid_data("activations has {} names, expected {}", stated.size(), expected);
  }
  std::vector<std::string> all;
  for (std::size_t i = 0; i < expected; ++i) all.emplace_back(names[i % names.size()]);
  return all;
}

}  // namespace

double Activation::operator()(double input) const {
  const double x = std::isnan(input) ? input : std::clamp(input, -clip_, clip_);
  switch (kind_) {
    case Kind::kRelu:
      return x < 0 ? 0 : x;
    case Kind::kTanh:
      return std::tanh(x);
    case Kind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::kAffine:
      return alpha_ * x + beta_;
    case Kind::kLeakyRelu:
      return x < 0 ? alpha_ * x : x;
    case Kind::kThresholdedRelu:
      return x < alpha_ ? 0 : x;
    case Kind::kScaledTanh:
      return alpha_ * std::tanh(beta_ * x);
    case Kind::kHardSigmoid: {
      const double line = alpha_ * x + beta_;
      return line < 0 ? 0 : (line > 1 ? 1 : line);
    }
    case Kind::kElu:
      return x < 0 ? alpha_ * std::expm1(x) : x;
    case Kind::kSoftsign:
      return x / (1 + std::abs(x));
    case Kind::kSoftplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  fatal("an activation that does not exist");
}

Result<std::vector<Activation>> recurrent_activations(const Attributes& attributes,
                                                      std::span<const std::string_view> names,
                                                      std::size_t directions) {
  double clip = std::numeric_limits<double>::infinity();
  if (attributes.find("clip") != nullptr) {
    clip = static_cast<double>(attributes.get_float("clip"));
    if (!(clip >= 0)) return invalid_data("clip is {}, expected at least 0", clip);
  }
  ASSIGN_OR_RETURN(const auto all, activation_names(attributes, names, directions));
  ActivationParameters alpha(attributes, "activation_alpha");
  ActivationParameters beta(attributes, "activation_beta");
  std::vector<Activation> activations;
  for (const std::string& name : all) {
    ASSIGN_OR_RETURN(const KnownActivation known, find_activation(name));
    activations.emplace_back(known.kind, alpha.take(known.alpha), beta.take(known.beta), clip);
  }
  return activations;
}

}  // namespace lathe::ops
