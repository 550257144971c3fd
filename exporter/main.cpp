#include <malloc.h>

#include "exporter/cli.h"

namespace {

// glibc gives every thread a heap of its own and keeps in it what a large buffer leaves behind: after a few backups the
// agent held 48 MB, of which it used 3. With these limits it holds 21.
void keep_little_memory() {
  constexpr int large = 256 * 1024;
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, large);  // fixed: by default it grows with what is freed
  mallopt(M_TRIM_THRESHOLD, large);
}

}  // namespace

int main(int argc, char** argv) {
  keep_little_memory();
  return pgvigil::run_command_line(argc, argv);
}
