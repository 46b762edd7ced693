// The smallest files that pass for shared libraries: shared_library_seeds FOLDER.
#include <cstdio>
#include <cstring>
#include <elf.h>

#include "base/file.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (int segments = 0; segments < 3; ++segments) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
    header.e_machine = EM_X86_64;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(segments);
    std::string file(reinterpret_cast<const char*>(&header), sizeof header);
    for (int i = 0; i < segments; ++i) {
      Elf64_Phdr segment{};
      segment.p_type = PT_LOAD;
      segment.p_filesz = sizeof header;
      file.append(reinterpret_cast<const char*>(&segment), sizeof segment);
    }
    const auto path = lathe::Path(argv[1]) / ("segments" + std::to_string(segments));
    if (const auto written = lathe::write_file_atomic(path, file); !written.ok()) {
      std::fprintf(stderr, "%s\n", written.error().message().c_str());
      return 1;
    }
  }
  return 0;
}
