#pragma once

#include <cstdint>

namespace pgvigil {

// What the agent itself uses, as Prometheus client libraries report it. From /proc/self; zero where that cannot be
// read.
struct ProcessStats {
  double cpu_seconds = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t virtual_bytes = 0;
  std::int64_t open_fds = 0;
  std::int64_t max_fds = 0;
  double virtual_max_bytes = 0;  // 2^64 without a limit
};

ProcessStats read_process_stats();

}  // namespace pgvigil
