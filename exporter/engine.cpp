#include "exporter/engine.h"

#include "alerts/alert_families.h"
#include "collectors/backup/backup_tasks.h"
#include "collectors/collectors.h"

namespace pgvigil {

namespace {

std::vector<TaskPtr> make_tasks(const Config& config, const Engine::Surroundings& around) {
  std::vector<TaskPtr> tasks = make_collectors(config.collectors, config.target, around.store, around.clock);
  for (TaskPtr& task : make_backup_tasks(config.backups, config.target, around.store, config.state_dir, around.clock)) {
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::set<std::string> names_of(const std::vector<TaskPtr>& tasks) {
  std::set<std::string> names;
  for (const TaskPtr& task : tasks) {
    names.insert(task->info().name);
    for (const TaskInfo& part : task->parts()) names.insert(part.name);
  }
  return names;
}

std::vector<Family> channel_families(const std::vector<ChannelStatus>& channels) {
  Family pending{"pgvigil_notifications_pending",
                 "Messages that wait to be delivered to the channel.",
                 MetricType::gauge,
                 {"channel"},
                 {}};
  Family oldest{"pgvigil_notifications_oldest_pending_seconds",
                "Age of the oldest message that waits for the channel; 0 when none waits.",
                MetricType::gauge,
                {"channel"},
                {}};
  Family sent{
      "pgvigil_notifications_sent_total", "Messages that the channel accepted.", MetricType::counter, {"channel"}, {}};
  Family failed{"pgvigil_notifications_failed_total",
                "Attempts to deliver a message to the channel that failed.",
                MetricType::counter,
                {"channel"},
                {}};
  for (const ChannelStatus& channel : channels) {
    pending.samples.push_back({{channel.name}, static_cast<double>(channel.pending)});
    oldest.samples.push_back({{channel.name}, static_cast<double>(channel.oldest_pending_age.count())});
    sent.samples.push_back({{channel.name}, static_cast<double>(channel.sent)});
    failed.samples.push_back({{channel.name}, static_cast<double>(channel.failed)});
  }
  return {pending, oldest, sent, failed};
}

}  // namespace

Engine::Engine(const Config& config, const Surroundings& around) : Engine(config, around, make_tasks(config, around)) {}

Engine::Engine(const Config& config, const Surroundings& around, std::vector<TaskPtr> tasks)
    : task_names_(names_of(tasks)),
      connections_(config.target, config.collectors.pool_size(), around.clock),
      outbox_(around.store),
      alerts_(around.store),
      delivery_(config.alerts.channels, outbox_, https_, plain_, around.clock),
      evaluator_(config.alerts.evaluator_setup(task_names_), around.snapshots, alerts_, around.clock,
                 [this] { delivery_.ring(); }),
      scheduler_(std::move(tasks), connections_, around.clock, around.observer, around.publish, &around.pause) {
  delivery_.start();
  evaluator_.start();
}

std::vector<Family> Engine::families() const {
  std::vector<Family> families = channel_families(delivery_.status());
  for (const auto& more : {alert_families(alerts_.current()), evaluator_families(evaluator_.status())})
    families.insert(families.end(), more.begin(), more.end());
  families.push_back({"pgvigil_db_connections",
                      "Sessions that collectors hold on the watched server (the prober has one more).",
                      MetricType::gauge,
                      {},
                      {{{}, static_cast<double>(connections_.sessions())}}});
  return families;
}

}  // namespace pgvigil
