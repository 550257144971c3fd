#include "alerts/delivery_families.h"

namespace pgvigil {

namespace {

Family gauge(std::string name, std::string help) {
  return {std::move(name), std::move(help), MetricType::gauge, {"channel"}, {}};
}

Family counter(std::string name, std::string help, std::vector<std::string> labels) {
  return {std::move(name), std::move(help), MetricType::counter, std::move(labels), {}};
}

template <typename Value>
void add(Family& family, std::vector<std::string> labels, Value value) {
  family.samples.push_back({std::move(labels), static_cast<double>(value)});
}

}  // namespace

std::vector<Family> delivery_families(const std::vector<ChannelStatus>& channels,
                                      const std::map<std::string, std::int64_t>& evicted) {
  Family outcomes =
      counter("pgvigil_notifications_total",
              "What became of messages: delivered, failed (attempts), dead (given up) or fallback (another "
              "channel took it).",
              {"channel", "outcome"});
  Family failures = counter("pgvigil_notifications_failed_total", "Attempts to deliver that failed, by reason.",
                            {"channel", "reason"});
  Family pending = gauge("pgvigil_notifications_pending", "Messages that wait to be delivered to the channel.");
  Family oldest = gauge("pgvigil_notifications_oldest_pending_seconds",
                        "Age of the oldest message that waits for the channel; 0 when none waits.");
  Family breaker = gauge("pgvigil_notifications_breaker_state",
                         "Whether the channel works: 0 it does, 1 it is being tried, 2 it does not.");
  Family dead = counter("pgvigil_notifications_dead_total", "Messages that were given up.", {"channel"});
  Family dropped =
      counter("pgvigil_notifications_evicted_total",
              "Messages that were dropped because the queue was full, since the state folder exists.", {"kind"});
  for (const ChannelStatus& channel : channels) {
    add(outcomes, {channel.name, "delivered"}, channel.delivered);
    add(outcomes, {channel.name, "failed"}, channel.failed());
    add(outcomes, {channel.name, "dead"}, channel.dead);
    add(outcomes, {channel.name, "fallback"}, channel.passed_on);
    for (const auto& [kind, count] : channel.failures)
      add(failures, {channel.name, std::string(to_string(kind))}, count);
    add(pending, {channel.name}, channel.pending);
    add(oldest, {channel.name}, channel.oldest_pending_age.count());
    add(breaker, {channel.name}, static_cast<int>(channel.breaker));
    add(dead, {channel.name}, channel.dead);
  }
  for (const auto& [kind, count] : evicted) add(dropped, {kind}, count);
  return {outcomes, failures, pending, oldest, breaker, dead, dropped};
}

}  // namespace pgvigil
