// Training as people watch it, on standard error: notes, a progress line, a table of epochs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "train/train.h"

namespace lathe::cli {

// Asks the run to stop when the program was interrupted.
class TrainPrinter final : public train::TrainObserver {
 public:
  explicit TrainPrinter(bool quiet) : quiet_(quiet) {}

  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  // Takes the progress line away.
  void finish() { bar_.reset(); }

  void on_note(const std::string& note) override;
  void on_start(const std::string& how) override;
  void on_batch(const train::BatchProgress& progress) override;
  void on_epoch(const train::EpochRecord& record) override;
  bool stop_requested() override;

 private:
  bool quiet_;
  std::vector<std::string> notes_;
  std::unique_ptr<Progress> bar_;
};

}  // namespace lathe::cli
