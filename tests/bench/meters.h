#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pgvigil::bench {

using Seconds = std::chrono::duration<double>;

// CPU time that a process has used, user and system; with what its ended children used. From /proc.
Seconds cpu_of(pid_t process);
// The same of a server and all its living children: what PostgreSQL as a whole has used.
Seconds cpu_of_server(pid_t postmaster);
double rss_megabytes(pid_t process);

// Waits, for a minute at most, until other programs use less than a sixth of a core: these machines are shared.
void wait_for_quiet();

double quantile(std::vector<double> values, double q);

// Scrapes a page as Prometheus does: one kept connection, gzip asked for or not.
class Scraper {
 public:
  Scraper(std::string url, bool gzip);
  ~Scraper();
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  struct Result {
    long status = 0;
    Seconds took{0};
    std::size_t bytes = 0;  // on the wire
  };
  Result scrape();
  // Series on the page; asks for it without gzip.
  std::size_t count_series();

 private:
  std::string url_;
  void* curl_;
};

}  // namespace pgvigil::bench
