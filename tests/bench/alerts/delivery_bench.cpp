#include "tests/bench/alerts/delivery_bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "alerts/delivery.h"
#include "alerts/evaluator.h"
#include "alerts/options.h"
#include "alerts/outbox.h"
#include "core/text.h"
#include "tests/bench/meters.h"
#include "tests/support/http_receiver.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace pgvigil::bench {

namespace {

AlertOptions options_of(const HttpReceiver& receiver, const std::string& kinds) {
  std::string channels;
  if (kinds.find("slack") != std::string::npos) {
    channels += fmt::format("    - {{ name: slack, kind: slack, webhook_url: '{}', allow_http: true }}\n",
                            receiver.url("/slack"));
  }
  if (kinds.find("pagerduty") != std::string::npos) {
    channels += fmt::format("    - {{ name: pager, kind: pagerduty, url: '{}', allow_http: true, routing_key: {} }}\n",
                            receiver.url("/pagerduty"), std::string(32, 'k'));
  }
  channels +=
      fmt::format("    - {{ name: hook, kind: webhook, url: '{}', allow_http: true }}\n", receiver.url("/hook"));
  Problems problems;
  auto root = Section::parse(
      "alerts:\n  builtin_rules: false\n  rules:\n"
      "    - { id: high, expr: value, warning: { above: 10 }, flapping: off, summary: '{{subject}} is at {{value}}' }\n"
      "  channels:\n" +
          channels,
      "bench.yaml", problems);
  AlertOptions options = decode_alerts(*root);
  if (!problems.empty()) throw std::runtime_error(join(problems.lines(), "\n"));
  return options;
}

// The agent between its collectors and its receivers, at the default intervals.
class Alerting {
 public:
  Alerting(const HttpReceiver& receiver, const std::string& kinds)
      : options_(options_of(receiver, kinds)),
        delivery_(options_.channels, outbox_, {}, clock_),
        evaluator_(options_.evaluator_setup(), snapshots_, alerts_, clock_, [this] { delivery_.ring(); }) {
    delivery_.start();
    evaluator_.start();
  }

  void publish(const std::vector<double>& values) {
    Snapshot snapshot;
    snapshot.task = "values";
    snapshot.run = ++run_;
    snapshot.taken_at = clock_.steady_now();
    snapshot.valid_for = seconds(600);
    Family family{"value", "", MetricType::gauge, {"relname"}, {}};
    for (std::size_t i = 0; i < values.size(); ++i)
      family.samples.push_back({{fmt::format("a_table_{}", i)}, values[i]});
    snapshot.families.push_back(std::move(family));
    snapshots_.publish(std::make_shared<const Snapshot>(std::move(snapshot)));
    evaluator_.look_soon();
  }

  long long owed() const {
    long long sum = 0;
    for (const ChannelStatus& channel : delivery_.status()) sum += channel.pending;
    return sum;
  }

  // Until everything that was published has been looked at.
  void settle() {
    const std::uint64_t before = evaluator_.status().evaluations;
    evaluator_.look_soon();
    eventually(seconds(30), [&] { return evaluator_.status().evaluations > before; });
  }

 private:
  TempDir folder_;
  SystemClock clock_;
  LocalStore store_{folder_ / "pgvigil.db"};
  SnapshotStore snapshots_;
  AlertOptions options_;
  Outbox outbox_{store_};
  AlertStore alerts_{store_};
  Delivery delivery_;
  Evaluator evaluator_;
  std::uint64_t run_ = 0;
};

HttpReceiver::Answer answer(const HttpReceiver::Request& request) {
  HttpReceiver::Answer result;
  if (request.path == "/pagerduty") {
    result.status = 202;
    result.body = R"({"status": "success"})";
  }
  return result;
}

int received(const HttpReceiver& receiver, const std::string& path) {
  const auto requests = receiver.requests();
  return static_cast<int>(
      std::count_if(requests.begin(), requests.end(), [&](const auto& request) { return request.path == path; }));
}

}  // namespace

std::vector<double> sample_to_receiver(int count) {
  const HttpReceiver receiver(0, answer);
  Alerting alerting(receiver, "");
  alerting.publish({0});
  alerting.settle();
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const bool high = i % 2 == 0;
    const std::size_t before = receiver.requests().size();
    const auto begun = std::chrono::steady_clock::now();
    alerting.publish({high ? 11.0 : 0.0});
    if (!receiver.wait_for(before + 1, seconds(60))) throw std::runtime_error("nobody was told");
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    if (high) times.push_back(took.count());
  }
  return times;
}

Storm storm(int alerts) {
  const HttpReceiver receiver(0, answer);
  Alerting alerting(receiver, "slack pagerduty");
  const auto count = static_cast<std::size_t>(alerts);
  alerting.publish(std::vector<double>(count, 0));
  alerting.settle();
  const double before = rss_megabytes(::getpid());
  const auto begun = std::chrono::steady_clock::now();
  alerting.publish(std::vector<double>(count, 11));
  Storm result;
  const auto all_told = [&] {
    return received(receiver, "/slack") > 0 && received(receiver, "/pagerduty") > 0 && received(receiver, "/hook") > 0;
  };
  eventually(seconds(60), all_told);
  result.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  eventually(seconds(60), [&] { return alerting.owed() == 0; });
  alerting.settle();
  eventually(seconds(60), [&] { return alerting.owed() == 0; });
  result.megabytes = rss_megabytes(::getpid()) - before;
  result.owed = alerting.owed();
  result.slack = received(receiver, "/slack");
  result.pagerduty = received(receiver, "/pagerduty");
  result.webhook = received(receiver, "/hook");
  return result;
}

}  // namespace pgvigil::bench
