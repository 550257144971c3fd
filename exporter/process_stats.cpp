#include "exporter/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <iterator>
#include <string>

#include "core/file.h"
#include "core/text.h"

namespace pgvigil {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double limit_of(decltype(RLIMIT_AS) resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

std::int64_t to_integer(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats stats;
  stats.max_fds = static_cast<std::int64_t>(limit_of(RLIMIT_NOFILE));
  stats.virtual_max_bytes = limit_of(RLIMIT_AS);
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    stats.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  try {
    // proc(5): size and resident set, in pages.
    const std::vector<std::string> pages = split(read_file("/proc/self/statm"), ' ');
    const std::int64_t page_size = ::sysconf(_SC_PAGESIZE);
    stats.virtual_bytes = to_integer(pages.at(0)) * page_size;
    stats.resident_bytes = to_integer(pages.at(1)) * page_size;
    const std::filesystem::directory_iterator fds("/proc/self/fd");
    stats.open_fds = std::distance(begin(fds), end(fds));
  } catch (const std::exception&) {
    return stats;  // no /proc here
  }
  return stats;
}

}  // namespace pgvigil
