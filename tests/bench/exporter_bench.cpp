// What watching a server costs, beside Debian's postgres_exporter on the same server in the same run: script/bench
// exporter. Prints a table for each scale, and writes JSON when a file is named. No assertions: these are measurements.

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "collectors/collectors.h"
#include "core/json.h"
#include "tests/bench/meters.h"
#include "tests/bench/schema.h"
#include "tests/support/agent.h"
#include "tests/support/free_port.h"

namespace pgvigil::bench {
namespace {

// The figures of one scale, in the order in which they were taken.
class Figures {
 public:
  void add(const std::string& name, double value, const std::string& unit) {
    fmt::print("  {:<58} {:>12.2f} {}\n", name, value, unit);
    std::fflush(stdout);
    figures_.emplace_back(Json::Object{{"name", name}, {"value", value}, {"unit", unit}});
  }
  Json::Array json() const { return figures_; }

 private:
  Json::Array figures_;
};

double ms(Seconds time) {
  return time.count() * 1000;
}

std::vector<double> scrape_times(const std::string& url, int count, milliseconds pause) {
  Scraper scraper(url, true);
  scraper.scrape();  // connects
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const Scraper::Result result = scraper.scrape();
    if (result.status == 200) times.push_back(ms(result.took));
    std::this_thread::sleep_for(pause);
  }
  return times;
}

std::vector<double> concurrent_scrape_times(const std::string& url, int scrapers, int each, milliseconds pause) {
  std::vector<std::vector<double>> times(static_cast<std::size_t>(scrapers));
  {
    std::vector<std::jthread> threads;
    for (auto& mine : times) threads.emplace_back([&] { mine = scrape_times(url, each, pause); });
  }
  std::vector<double> all;
  for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  return all;
}

// What postgres_exporter reads with all its collectors: the rest (bloat, sequences, backlog …) is left out where the
// two are compared.
const std::set<std::string> peers_content{"activity",
                                          "archiver",
                                          "bgwriter",
                                          "checkpointer",
                                          "database",
                                          "database_conflicts",
                                          "database_limits",
                                          "database_size",
                                          "locks",
                                          "long_running_transactions",
                                          "progress_vacuum",
                                          "replication",
                                          "replication_slots",
                                          "stat_replication",
                                          "role_connections",
                                          "settings",
                                          "statements",
                                          "user_backends",
                                          "user_indexes",
                                          "user_tables",
                                          "wait_backends",
                                          "wal_directory",
                                          "wal_receiver",
                                          "wraparound"};

enum class Content { everything, peers };

// The agent with nothing cut; `interval` for all collectors when it is not empty.
std::string agent_config(Content content, const std::string& interval) {
  std::string limits, intervals, disabled;
  for (const std::string& name : collector_names({})) {
    const bool wanted = content == Content::everything || peers_content.contains(name);
    limits += fmt::format("    {}: 10000000\n", name);
    if (!wanted) disabled += fmt::format("{}{}", disabled.empty() ? "" : ", ", name);
    if (wanted && !interval.empty()) intervals += fmt::format("    {}: {}\n", name, interval);
  }
  return fmt::format("collectors:\n  enable: [user_indexes]\n  disable: [{}]\n  series_limits:\n{}{}{}", disabled,
                     limits, interval.empty() ? "" : "  intervals:\n", intervals);
}

// Until every collector has reported once and the page has stopped growing.
void wait_until_full(const Agent& agent) {
  std::size_t before = 0;
  for (int i = 0; i < 60; ++i) {
    std::this_thread::sleep_for(seconds(3));
    const std::size_t series = Scraper(agent.url("/metrics"), true).count_series();
    const auto walks = agent.value(R"(pgvigil_task_runs_total{task="databases",outcome="success")");
    if (walks.value_or(0) >= 1 && series <= before + before / 500) return;
    before = series;
  }
}

struct Cost {
  Seconds own{0};
  Seconds server{0};
};

Cost cost_over(Agent& agent, WatchedServer& server, seconds period) {
  const Cost before{cpu_of(agent.process().pid()), cpu_of_server(server.cluster().pid())};
  std::this_thread::sleep_for(period);
  return {cpu_of(agent.process().pid()) - before.own, cpu_of_server(server.cluster().pid()) - before.server};
}

void measure_serving(Agent& agent, Figures& figures) {
  const std::string url = agent.url("/metrics");
  figures.add("pgvigil: series", static_cast<double>(Scraper(url, true).count_series()), "");
  figures.add("pgvigil: body with gzip", static_cast<double>(Scraper(url, true).scrape().bytes) / 1e6, "MB");
  const std::vector<double> alone = scrape_times(url, 100, milliseconds(20));
  figures.add("pgvigil: /metrics with gzip, median", quantile(alone, 0.5), "ms");
  figures.add("pgvigil: /metrics with gzip, p95", quantile(alone, 0.95), "ms");
  const std::vector<double> together = concurrent_scrape_times(url, 4, 50, milliseconds(20));
  figures.add("pgvigil: p95 with four scrapers, times the median alone",
              quantile(together, 0.95) / quantile(alone, 0.5), "x");
  Scraper plain(url, false);
  plain.scrape();
  std::vector<double> per_megabyte;
  int requests = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (; std::chrono::steady_clock::now() - begun < seconds(2); ++requests) {
    const Scraper::Result result = plain.scrape();
    per_megabyte.push_back(ms(result.took) / (static_cast<double>(result.bytes) / 1e6));
  }
  figures.add("pgvigil: uncompressed, per MB, median", quantile(per_megabyte, 0.5), "ms");
  figures.add("pgvigil: uncompressed, requests a second on one connection", requests / 2.0, "/s");
  figures.add("pgvigil: RSS", rss_megabytes(agent.process().pid()), "MB");
}

double measure_minute(Agent& agent, WatchedServer& server, Figures& figures) {
  const Cost minute = cost_over(agent, server, seconds(60));
  figures.add("pgvigil: own CPU a minute, default intervals", ms(minute.own), "ms");
  figures.add("pgvigil: server CPU a minute, default intervals", ms(minute.server), "ms");
  return ms(minute.server);
}

void measure_collection(WatchedServer& server, Content content, const std::string& what, Figures& figures) {
  constexpr int cycles = 4;
  Agent agent(server.cluster().conninfo(server.database(), "monitor"), agent_config(content, "10s"));
  agent.start();
  wait_until_full(agent);
  const Cost cost = cost_over(agent, server, seconds(10 * cycles));
  figures.add("pgvigil: series, " + what, static_cast<double>(Scraper(agent.url("/metrics"), true).count_series()), "");
  figures.add("pgvigil: own CPU of one collection, " + what, ms(cost.own) / cycles, "ms");
  figures.add("pgvigil: server CPU of one collection, " + what, ms(cost.server) / cycles, "ms");
  agent.stop();
}

// Server CPU of a scrape, or nothing when it is not installed.
std::optional<double> measure_postgres_exporter(WatchedServer& server, double median, Figures& figures) {
  const std::string address = fmt::format("127.0.0.1:{}", free_port());
  const std::string dsn = fmt::format("host={} port=5432 user=monitor dbname={} sslmode=disable",
                                      server.cluster().socket_folder().string(), server.database());
  Process exporter(Process::Options{{"prometheus-postgres-exporter", "--web.listen-address=" + address},
                                    {{"DATA_SOURCE_NAME", dsn}},
                                    {},
                                    {},
                                    {},
                                    SIGKILL});
  const std::string url = "http://" + address + "/metrics";
  if (!eventually(seconds(20), [&] { return Scraper(url, true).scrape().status == 200; })) return std::nullopt;
  constexpr int scrapes = 10;
  wait_for_quiet();
  const Seconds own = cpu_of(exporter.pid());
  const Seconds database = cpu_of_server(server.cluster().pid());
  const std::vector<double> times = scrape_times(url, scrapes, milliseconds(50));
  const double server_cpu = ms(cpu_of_server(server.cluster().pid()) - database) / (scrapes + 1);
  figures.add("postgres_exporter: series", static_cast<double>(Scraper(url, true).count_series()), "");
  figures.add("postgres_exporter: /metrics with gzip, median", quantile(times, 0.5), "ms");
  figures.add("postgres_exporter: own CPU a scrape", ms(cpu_of(exporter.pid()) - own) / (scrapes + 1), "ms");
  figures.add("postgres_exporter: server CPU a scrape", server_cpu, "ms");
  figures.add("postgres_exporter: RSS", rss_megabytes(exporter.pid()), "MB");
  figures.add("ratio: its median to ours", quantile(times, 0.5) / median, "x");
  return server_cpu;
}

Json measure(const Scale& scale) {
  fmt::print("{}: {} databases, {} tables each\n", scale.name, scale.databases, scale.tables);
  WatchedServer server(scale);
  Figures figures;
  Agent agent(server.cluster().conninfo(server.database(), "monitor"), agent_config(Content::everything, ""));
  agent.start();
  wait_until_full(agent);
  wait_for_quiet();
  measure_serving(agent, figures);
  const double minute = measure_minute(agent, server, figures);
  const double median = quantile(scrape_times(agent.url("/metrics"), 50, milliseconds(20)), 0.5);
  agent.stop();
  measure_collection(server, Content::everything, "everything", figures);
  measure_collection(server, Content::peers, "what postgres_exporter reads", figures);
  if (const auto scrape = measure_postgres_exporter(server, median, figures)) {
    figures.add("ratio: our server CPU a minute to its at a scrape every 15 s", minute / (4 * *scrape), "x");
  }
  return Json::Object{{"scale", scale.name}, {"figures", figures.json()}};
}

int run(const std::vector<std::string>& arguments) {
  std::set<std::string> wanted;
  std::string file;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json" && i + 1 < arguments.size()) {
      file = arguments[++i];
    } else {
      wanted.insert(arguments[i]);
    }
  }
  Json::Array results;
  for (const Scale& scale : scales()) {
    if (wanted.empty() || wanted.contains(scale.name)) results.emplace_back(measure(scale));
  }
  if (!file.empty()) std::ofstream(file) << Json(results).dump(2) << '\n';
  return results.empty() ? 2 : 0;
}

}  // namespace
}  // namespace pgvigil::bench

int main(int argc, char** argv) {
  return pgvigil::bench::run({argv + 1, argv + argc});
}
