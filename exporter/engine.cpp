#include "exporter/engine.h"

#include "collectors/backup/backup_tasks.h"
#include "collectors/collectors.h"
#include "config/rule_tasks.h"

namespace pgvigil {

namespace {

std::vector<TaskPtr> make_tasks(const Config& config, const Engine::Surroundings& around) {
  std::vector<TaskPtr> tasks = make_collectors(config.collectors, config.target, around.store, around.clock);
  for (TaskPtr& task : make_backup_tasks(config.backups, config.target, around.store, config.state_dir, around.clock)) {
    tasks.push_back(std::move(task));
  }
  if (config.alerts.table) {
    tasks.push_back(std::make_unique<TableRulesTask>(table_rules_options(*config.alerts.table)));
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

Family alert_family(const std::vector<AlertView>& alerts) {
  Family family{"pgvigil_alerts",
                "Alerts that are pending or firing now, by rule and level.",
                MetricType::gauge,
                {"rule", "level", "state"},
                {}};
  std::map<std::vector<std::string>, double> counts;
  for (const AlertView& alert : alerts) {
    const std::string state = alert.state == AlertView::State::firing ? "firing" : "pending";
    counts[{alert.rule, std::string(to_string(alert.level)), state}] += 1;
  }
  for (const auto& [labels, count] : counts) family.samples.push_back({labels, count});
  return family;
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
  const Evaluator::Status rules = evaluator_.status();
  std::vector<Family> families = channel_families(delivery_.status());
  families.push_back(alert_family(alerts_.current()));
  families.push_back(
      {"pgvigil_rules", "Alert rules in use.", MetricType::gauge, {}, {{{}, static_cast<double>(rules.rules)}}});
  families.push_back({"pgvigil_rules_failing",
                      "Alert rules that could not be evaluated the last time.",
                      MetricType::gauge,
                      {},
                      {{{}, static_cast<double>(rules.rules_failing)}}});
  families.push_back({"pgvigil_rule_evaluations_total",
                      "Evaluations of all rules that ended well.",
                      MetricType::counter,
                      {},
                      {{{}, static_cast<double>(rules.evaluations)}}});
  families.push_back({"pgvigil_rule_evaluation_failures_total",
                      "Evaluations of all rules whose result could not be stored.",
                      MetricType::counter,
                      {},
                      {{{}, static_cast<double>(rules.failures)}}});
  families.push_back({"pgvigil_db_connections",
                      "Sessions that collectors hold on the watched server (the prober has one more).",
                      MetricType::gauge,
                      {},
                      {{{}, static_cast<double>(connections_.sessions())}}});
  return families;
}

}  // namespace pgvigil
