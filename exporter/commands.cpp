#include "exporter/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>

#include "collectors/catalog.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "exporter/app.h"
#include "exporter/commands/config_file.h"
#include "exporter/text_format.h"
#include "exporter/web_access.h"

namespace pgvigil {

namespace {

// After its problems and what only looks wrong were printed.
bool web_config_good(const std::filesystem::path& file) {
  if (file.empty()) return true;
  Problems problems;
  const std::vector<std::string> warnings = check_web_config(file, SystemClock(), problems);
  for (const std::string& line : problems.lines()) fmt::print(stderr, "{}\n", line);
  for (const std::string& line : warnings) fmt::print(stderr, "{}: warning: {}\n", file.string(), line);
  return problems.empty();
}

// Remembers how runs ended.
class Reports final : public TaskObserver {
 public:
  void run_started(const TaskInfo&) override {}
  void run_ended(const TaskInfo& task, const RunReport& report) override { reports_[task.name] = report; }
  void runs_missed(const TaskInfo&, std::int64_t) override {}
  const std::map<std::string, RunReport>& by_task() const { return reports_; }

 private:
  std::map<std::string, RunReport> reports_;
};

Json to_json(const std::vector<Family>& families) {
  Json::Array result;
  for (const Family& family : families) {
    Json::Array samples;
    for (const SeriesView sample : family.samples) {
      Json::Object labels;
      for (std::size_t i = 0; i < family.label_names.size(); ++i)
        labels.emplace_back(family.label_names[i], sample.label_values[i]);
      samples.emplace_back(Json::Object{{"labels", std::move(labels)}, {"value", sample.value}});
    }
    result.emplace_back(Json::Object{{"name", family.name},
                                     {"type", std::string(to_string(family.type))},
                                     {"help", family.help},
                                     {"samples", std::move(samples)}});
  }
  return result;
}

// What collectors remember, for one cycle: the agent's own memory may be in use.
class ThrowAwayStore {
 public:
  ThrowAwayStore() = default;
  ~ThrowAwayStore() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ThrowAwayStore(const ThrowAwayStore&) = delete;
  ThrowAwayStore& operator=(const ThrowAwayStore&) = delete;
  LocalStore& store() const { return *store_; }

 private:
  static std::filesystem::path make_folder() {
    std::string name = std::filesystem::temp_directory_path() / "pgvigil-collect.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw Error(Error::Kind::unavailable, "cannot make a folder like " + name);
    return name;
  }
  std::filesystem::path folder_ = make_folder();
  std::unique_ptr<LocalStore> store_ = std::make_unique<LocalStore>(folder_ / "memory.sqlite");
};

std::string in_format(const std::vector<Family>& families, const std::string& format) {
  if (format == "json") return to_json(families).dump(2) + "\n";
  const MetricsFormat kind = format == "openmetrics" ? MetricsFormat::openmetrics : MetricsFormat::prometheus;
  return render_text(families, kind).text + std::string(end_of_page(kind));
}

bool names_known(const CollectorOptions& options, const std::vector<std::string>& names) {
  std::vector<std::string> known = collector_names(options);
  known.emplace_back("probe");
  bool good = true;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    fmt::print(stderr, "pgvigil: there is no collector '{}'; there is {}\n", name, join(known, ", "));
    good = false;
  }
  return good;
}

// Prints what did not end well; false when something failed.
bool tell_problems(const Reports& reports) {
  bool good = true;
  for (const auto& [task, report] : reports.by_task()) {
    if (report.outcome == Outcome::success) continue;
    good = good && report.outcome == Outcome::skipped;
    fmt::print(stderr, "{} {}: {}\n", task, to_string(report.outcome), report.reason);
  }
  return good;
}

}  // namespace

int run_agent(const std::filesystem::path& config_file) {
  const Signals signals;
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  log::configure(config->log.level, config->log.format);
  try {
    App app(std::filesystem::absolute(config_file), *config);
    app.run(signals);
  } catch (const Error& error) {
    log::error("cannot start: {}", error.what());
    return problems_found;
  }
  return 0;
}

int check_config(const std::filesystem::path& config_file) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  if (!web_config_good(config->listen.web_config)) return unusable_config;
  for (const std::string& advice : config->collectors.custom.advice) fmt::print(stderr, "{}\n", advice);
  fmt::print("{}: good: {} rules, {} channels, {} backup jobs, {} queries\n", config_file.string(),
             config->alerts.rules.size(), config->alerts.channels.size(), config->backups.size(),
             config->collectors.custom.queries.size());
  return 0;
}

int check_built_in() {
  const std::size_t collectors = built_in_catalog().size();
  Problems problems;
  auto defaults = Section::parse("", "built-in", problems);
  const std::size_t rules = decode_alerts(*defaults).rules.size();
  for (const std::string& line : problems.lines()) fmt::print(stderr, "{}\n", line);
  if (!problems.empty()) return unusable_config;
  fmt::print("{} collectors and {} rules are good\n", collectors, rules);
  return 0;
}

int pause_collectors(const std::filesystem::path& config_file, const std::string& reason) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  const PauseSwitch pause(config->state_dir);
  pause.pause(reason);
  fmt::print("collectors are paused ({}); pgvigil resume ends that\n", pause.file().string());
  return 0;
}

int resume_collectors(const std::filesystem::path& config_file) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  PauseSwitch(config->state_dir).resume();
  fmt::print("collectors go on\n");
  return 0;
}

int collect_once(const std::filesystem::path& config_file, const std::vector<std::string>& names,
                 const std::string& format) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  log::configure(log::Level::error, log::Format::text);
  const SystemClock clock;
  if (!names_known(config->collectors, names)) return unusable_config;
  ConnectionPool connections(config->target, config->collectors.pool_size(), clock);
  CollectorOptions options = config->collectors;
  options.only = names;
  std::vector<Family> families;
  Reports reports;
  const ThrowAwayStore memory;
  const auto keep = [&families](const SnapshotPtr& snapshot) {
    families.insert(families.end(), snapshot->families.begin(), snapshot->families.end());
  };
  for (const TaskPtr& task : make_collectors(options, config->target, memory.store(), clock)) {
    TaskRunner(*task, {connections, clock, reports, keep}).run({});
  }
  const bool good = tell_problems(reports);
  fmt::print("{}", in_format(families, format));
  return good ? 0 : problems_found;
}

}  // namespace pgvigil
