#include "collectors/waits/wait_account.h"

#include <algorithm>

namespace pgvigil {

double& WaitAccount::account(Accounts& accounts, const WaitGroup& group) const {
  const bool waits = !group.event_type.empty();
  Labels labels{group.who, waits ? group.event_type : "CPU", waits ? group.event : "CPU"};
  if (const auto known = accounts.find(labels); known != accounts.end()) return known->second;
  if (accounts.size() < max_series_) return accounts[std::move(labels)];
  return accounts[{"", "other", "other"}];
}

void WaitAccount::observe(SteadyTime now, const std::vector<WaitGroup>& groups) {
  using Seconds = std::chrono::duration<double>;
  const bool first = samples_ == 0;
  const double step = first ? 0 : std::min(Seconds(now - last_), Seconds(longest_step_)).count();
  last_ = now;
  samples_ += 1;
  sampled_ += step;
  for (const WaitGroup& group : groups) account(group.client ? clients_ : background_, group) += group.count * step;
}

std::vector<Family> WaitAccount::families() const {
  Family clients{"pg_wait_seconds_total",
                 "Seconds that active sessions of clients (parallel workers included) spent on each wait event, by "
                 "samples; wait_event_type CPU: they did not wait, so they ran or wanted to. Divided by "
                 "pg_wait_sampled_seconds_total (as rates) it is the average number of sessions.",
                 MetricType::counter,
                 {"datname", "wait_event_type", "wait_event"},
                 {}};
  Family background{"pg_background_wait_seconds_total",
                    "Seconds that the server's background processes and autovacuum workers spent on each wait event "
                    "or on the CPU while they had work, by samples.",
                    MetricType::counter,
                    {"backend_type", "wait_event_type", "wait_event"},
                    {}};
  for (const auto& [labels, value] : clients_) {
    clients.samples.push_back({{labels[0], labels[1], labels[2]}, value});
  }
  for (const auto& [labels, value] : background_) {
    background.samples.push_back({{labels[0], labels[1], labels[2]}, value});
  }
  std::vector<Family> families;
  families.push_back(std::move(clients));
  families.push_back(std::move(background));
  families.push_back({"pg_wait_sampled_seconds_total",
                      "Seconds that the samples of wait events stand for; gaps do not count.",
                      MetricType::counter,
                      {},
                      {{{}, sampled_}}});
  families.push_back(
      {"pg_wait_samples_total", "Samples of wait events that were taken.", MetricType::counter, {}, {{{}, samples_}}});
  return families;
}

}  // namespace pgvigil
