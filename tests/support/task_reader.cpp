#include "tests/support/task_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace pgvigil {

namespace {

PgOptions agent_options(const PgCluster& cluster, std::string_view database, std::string_view role) {
  PgOptions options;
  options.conninfo = cluster.conninfo(database, role);
  return options;
}

template <typename Series>
bool has_labels(const Family& family, const Series& series, const TaskReader::Labels& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto name = std::find(family.label_names.begin(), family.label_names.end(), label.first);
    return name != family.label_names.end() &&
           series.label_values[static_cast<std::size_t>(name - family.label_names.begin())] == label.second;
  });
}

}  // namespace

TaskReader::TaskReader(const PgCluster& cluster, Task& task, std::string_view database, std::string_view role)
    : connections_(agent_options(cluster, database, role), 1, clock_), task_(task) {}

void TaskReader::run() {
  RunContext context{connections_, clock_, clock_.steady_now() + task_.info().timeout, {}, {}};
  families_ = task_.run(context);
  skipped_ = context.skipped;
}

void TaskReader::run_after(milliseconds time) {
  clock_.advance(time);
  run();
}

std::vector<double> TaskReader::values(std::string_view metric, const Labels& labels) const {
  const auto family =
      std::find_if(families_.begin(), families_.end(), [&](const Family& one) { return one.name == metric; });
  if (family == families_.end()) throw std::runtime_error(fmt::format("no metric {}", metric));
  std::vector<double> values;
  for (const auto& series : family->samples) {
    if (!std::isnan(series.value) && has_labels(*family, series, labels)) values.push_back(series.value);
  }
  return values;
}

std::optional<double> TaskReader::value(std::string_view metric, const Labels& labels) const {
  const std::vector<double> found = values(metric, labels);
  if (found.size() > 1) throw std::runtime_error(fmt::format("{} has several series with these labels", metric));
  return found.empty() ? std::nullopt : std::optional(found.front());
}

double TaskReader::sum(std::string_view metric, const Labels& labels) const {
  const std::vector<double> found = values(metric, labels);
  return std::accumulate(found.begin(), found.end(), 0.0);
}

std::size_t TaskReader::count(std::string_view metric, const Labels& labels) const {
  return values(metric, labels).size();
}

}  // namespace pgvigil
