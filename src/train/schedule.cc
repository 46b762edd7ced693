#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lathe::train {
namespace {

constexpr double kOneCycleHighMomentum = 0.95;
constexpr double kOneCycleLowMomentum = 0.85;

// From `start` to `end` while `share` goes from 0 to 1, along half a cosine.
double cosine_between(double start, double end, double share) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

// Updates are numbered so that the peak falls on peak * total - 1 and the lowest rate on the last
// one, as in PyTorch's OneCycleLR.
Rate one_cycle(const TrainOptions& options, double peak_rate, std::int64_t update,
               std::int64_t total) {
  const double initial = peak_rate / options.one_cycle_initial_factor;
  const double final = initial / options.one_cycle_final_factor;
  const double peak_at = options.one_cycle_peak * static_cast<double>(total) - 1;
  const double last = static_cast<double>(total) - 1;
  const auto at = static_cast<double>(update);
  Rate rate{.momentum = options.momentum};
  if (at <= peak_at) {
    const double share = peak_at > 0 ? at / peak_at : 1;
    rate.learning_rate = cosine_between(initial, peak_rate, share);
    if (options.one_cycle_momentum) {
      rate.momentum = cosine_between(kOneCycleHighMomentum, kOneCycleLowMomentum, share);
    }
  } else {
    const double share = std::min(1.0, (at - peak_at) / (last - peak_at));
    rate.learning_rate = cosine_between(peak_rate, final, share);
    if (options.one_cycle_momentum) {
      rate.momentum = cosine_between(kOneCycleLowMomentum, kOneCycleHighMomentum, share);
    }
  }
  return rate;
}

double plateau_scale(const TrainOptions& options, std::span<const EpochRecord> history) {
  double scale = 1;
  double best = std::numeric_limits<double>::infinity();
  std::int64_t waited = 0;
  for (const EpochRecord& record : history) {
    const double loss =
        std::isnan(record.validation_loss) ? record.train_loss : record.validation_loss;
    if (loss < best) {
      best = loss;
      waited = 0;
    } else if (++waited == options.plateau_patience) {
      scale *= options.plateau_factor;
      waited = 0;
    }
  }
  return scale;
}

bool better(const EpochRecord& a, const EpochRecord& b) {
  if (std::isnan(a.validation_top1)) return a.epoch > b.epoch;
  if (a.validation_top1 != b.validation_top1) return a.validation_top1 > b.validation_top1;
  return a.validation_loss < b.validation_loss;
}

}  // namespace

Rate rate_at(const TrainOptions& options, std::int64_t update, std::int64_t updates_per_epoch,
             std::span<const EpochRecord> history) {
  const double base = learning_rate_or_default(options);
  const std::int64_t total = options.epochs * updates_per_epoch;
  if (options.schedule == Schedule::kOneCycle) return one_cycle(options, base, update, total);

  const double warmup = options.warmup * static_cast<double>(total);
  const double climb = std::min(1.0, (static_cast<double>(update) + 1) / std::max(1.0, warmup));
  double scale = 1;
  switch (options.schedule) {
    case Schedule::kConstant:
    case Schedule::kOneCycle:
      break;
    case Schedule::kCosine: {
      const double share = (static_cast<double>(update) - warmup) /
                           std::max(1.0, static_cast<double>(total) - warmup);
      scale = cosine_between(1, 0, std::clamp(share, 0.0, 1.0));
      break;
    }
    case Schedule::kStep: {
      const std::int64_t steps = update / updates_per_epoch / options.step_epochs;
      scale = std::pow(options.step_factor, static_cast<double>(steps));
      break;
    }
    case Schedule::kPlateau:
      scale = plateau_scale(options, history);
      break;
  }
  return {.learning_rate = base * scale * climb, .momentum = options.momentum};
}

std::int64_t best_epoch_index(std::span<const EpochRecord> history) {
  std::int64_t best = -1;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (best < 0 || better(history[i], history[static_cast<std::size_t>(best)])) {
      best = static_cast<std::int64_t>(i);
    }
  }
  return best;
}

bool stops_early(const TrainOptions& options, std::span<const EpochRecord> history) {
  if (options.early_stop_patience == 0 || history.empty()) return false;
  if (std::isnan(history.back().validation_top1)) return false;
  std::size_t best = 0;
  for (std::size_t i = 1; i < history.size(); ++i) {
    if (history[i].validation_top1 > history[best].validation_top1) best = i;
  }
  return static_cast<std::int64_t>(history.size() - 1 - best) >= options.early_stop_patience;
}

}  // namespace lathe::train
