#include "tests/bench/meters.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace pgvigil::bench {

namespace {

constexpr int user_time = 13, system_time = 14, children_user_time = 15, children_system_time = 16;  // proc(5), from 0

// The fields of /proc/PID/stat; empty when the process is gone. The name in parentheses may hold blanks.
std::vector<std::string> stat_fields(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::vector<std::string> fields{"", ""};
  std::istringstream rest(line.substr(name_end + 1));
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

Seconds ticks(const std::vector<std::string>& fields, std::initializer_list<int> which) {
  double sum = 0;
  for (const int field : which) {
    if (fields.size() > static_cast<std::size_t>(field)) sum += std::stod(fields[static_cast<std::size_t>(field)]);
  }
  return Seconds(sum / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

double busy_ticks() {
  std::ifstream file("/proc/stat");
  std::string cpu;
  file >> cpu;
  double sum = 0, value = 0;
  for (int i = 0; i < 8 && file >> value; ++i) {
    if (i != 3 && i != 4) sum += value;  // idle, iowait
  }
  return sum;
}

std::size_t append(char* data, std::size_t size, std::size_t count, void* to) {
  if (to != nullptr) static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

}  // namespace

Seconds cpu_of(pid_t process) {
  return ticks(stat_fields(process), {user_time, system_time, children_user_time, children_system_time});
}

Seconds cpu_of_server(pid_t postmaster) {
  Seconds sum = cpu_of(postmaster);
  std::ifstream children("/proc/" + std::to_string(postmaster) + "/task/" + std::to_string(postmaster) + "/children");
  for (pid_t child = 0; children >> child;) sum += cpu_of(child);
  return sum;
}

double rss_megabytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

void wait_for_quiet() {
  const double a_sixth = static_cast<double>(::sysconf(_SC_CLK_TCK)) / 6;
  for (int i = 0; i < 60; ++i) {
    const double before = busy_ticks();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    if (busy_ticks() - before < a_sixth) return;
  }
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

Scraper::Scraper(std::string url, bool gzip) : url_(std::move(url)), curl_(curl_easy_init()) {
  curl_easy_setopt(curl_, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 120L);
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, nullptr);
  // Not CURLOPT_ACCEPT_ENCODING: the time to decompress is the scraper's, not the exporter's.
  static curl_slist* const compressed = curl_slist_append(nullptr, "Accept-Encoding: gzip");
  if (gzip) curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, compressed);
}

Scraper::~Scraper() {
  curl_easy_cleanup(curl_);
}

Scraper::Result Scraper::scrape() {
  Result result;
  const auto begun = std::chrono::steady_clock::now();
  if (curl_easy_perform(curl_) != CURLE_OK) return result;
  result.took = std::chrono::steady_clock::now() - begun;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &result.status);
  curl_off_t bytes = 0;
  curl_easy_getinfo(curl_, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  result.bytes = static_cast<std::size_t>(bytes);
  return result;
}

std::size_t Scraper::count_series() {
  std::string page;
  Scraper plain(url_, false);
  curl_easy_setopt(plain.curl_, CURLOPT_WRITEDATA, &page);
  if (plain.scrape().status != 200) throw std::runtime_error(url_ + " does not answer");
  std::size_t series = 0;
  for (std::size_t start = 0; start < page.size(); start = page.find('\n', start) + 1) {
    if (page[start] != '#') ++series;
    if (page.find('\n', start) == std::string::npos) break;
  }
  return series;
}

}  // namespace pgvigil::bench
