// Tells what images show: classify MODEL IMAGE...
//
// MODEL is an ONNX file that carries its preprocessing, as those that `lathe train` and
// `lathe quantize` write do. Prints one line per image: its name, the class, the probability.
#include <cstdio>
#include <lathe/lathe.h>
#include <string>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL IMAGE...\n", argv[0]);
    return 2;
  }
  const lathe::Expected<lathe::Model> model = lathe::Model::load(argv[1]);
  if (!model.ok()) {
    std::fprintf(stderr, "%s\n", model.failure().message().c_str());
    return 1;
  }
  lathe::Expected<lathe::Classifier> classifier = lathe::Classifier::create(*model);
  if (!classifier.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], classifier.failure().message().c_str());
    return 1;
  }

  bool all_read = true;
  for (int i = 2; i < argc; ++i) {
    const auto scores = classifier->classify(argv[i], 1);
    if (!scores.ok()) {
      std::fprintf(stderr, "%s\n", scores.failure().message().c_str());
      all_read = false;
      continue;
    }
    const lathe::ClassScore& best = scores->front();
    const std::string name = best.label.empty() ? std::to_string(best.index) : best.label;
    std::printf("%s: %s, %.1f %%\n", argv[i], name.c_str(), 100.0 * best.probability);
  }
  return all_read ? 0 : 1;
}
