#include "cli/train_printer.h"

#include "cli/interrupt.h"
#include "cli/options.h"
#include "report/format.h"

namespace lathe::cli {

void TrainPrinter::on_note(const std::string& note) {
  notes_.push_back(note);
  print_notes({&note, 1}, quiet_);
}

void TrainPrinter::on_start(const std::string& how) {
  if (quiet_) return;
  say("training: " + how);
  say(fmt::format("{:>6} {:>10} {:>8} {:>8} {:>10} {:>10} {:>10}", "epoch", "rate", "loss", "top-1",
                  "val. loss", "val. top-1", "images/s"));
}

void TrainPrinter::on_batch(const train::BatchProgress& p) {
  const std::int64_t done = (p.epoch - 1) * p.batches + p.batch;
  // The first batch, which prepares a lot, says nothing of the others.
  if (bar_ == nullptr) bar_ = std::make_unique<Progress>("", p.epochs * p.batches, !quiet_, done);
  bar_->update(done,
               fmt::format("epoch {}/{}  loss {:.3f}  top-1 {}  {:.0f} images/s", p.epoch, p.epochs,
                           p.loss, report::format_percent(p.top1, 1), p.images_per_s));
}

void TrainPrinter::on_epoch(const train::EpochRecord& r) {
  hide_progress();
  if (quiet_) return;
  say(fmt::format("{:>6} {:>10.3g} {:>8.4f} {:>8} {:>10} {:>10} {:>10.0f}", r.epoch,
                  r.learning_rate, r.train_loss, report::format_percent(r.train_top1),
                  report::format_number(r.validation_loss),
                  report::format_percent(r.validation_top1), r.images_per_s));
}

bool TrainPrinter::stop_requested() { return interrupted(); }

}  // namespace lathe::cli
