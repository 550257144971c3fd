#include "exporter/engine.h"

#include "alerts/alert_families.h"
#include "alerts/delivery_families.h"
#include "alerts/rule_families.h"
#include "collectors/backup/backup_tasks.h"
#include "collectors/collectors.h"
#include "config/rule_tasks.h"

namespace pgvigil {

namespace {

std::vector<TaskPtr> make_tasks(const Config& config, const Engine::Surroundings& around) {
  std::vector<RuleQuery> queries;
  for (const Rule& rule : config.alerts.rules) {
    if (rule.sql) queries.push_back(rule_query(rule.id, *rule.sql));
  }
  std::vector<TaskPtr> tasks = make_collectors(config.collectors, config.target, around.store, around.clock, queries);
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

std::set<std::string> collectors_of(const std::vector<TaskPtr>& tasks) {
  std::set<std::string> names;
  for (const TaskPtr& task : tasks) {
    if (task->info().kind == TaskKind::collector) names.insert(task->info().name);
  }
  return names;
}

Evaluator::Setup evaluator_setup(const Config& config, const Engine::Surroundings& around,
                                 const std::vector<TaskPtr>& tasks) {
  Evaluator::Setup setup = config.alerts.evaluator_setup(names_of(tasks));
  setup.own_families = around.own_families;
  if (around.have_run)
    setup.first_cycle_done = [have_run = around.have_run, collectors = collectors_of(tasks)] {
      return have_run(collectors);
    };
  setup.last_look = around.last_look;
  setup.samples = around.samples;
  return setup;
}

}  // namespace

Engine::Engine(const Config& config, const Surroundings& around) : Engine(config, around, make_tasks(config, around)) {}

Engine::Engine(const Config& config, const Surroundings& around, std::vector<TaskPtr> tasks)
    : task_names_(names_of(tasks)),
      connections_(config.target, config.collectors.pool_size(), around.clock),
      series_(config.collectors.max_series),
      outbox_(around.store),
      alerts_(around.store),
      delivery_(config.alerts.channels, outbox_, config.target, around.clock),
      evaluator_(evaluator_setup(config, around, tasks), around.snapshots, alerts_, around.clock,
                 [this] { delivery_.ring(); }),
      scheduler_(std::move(tasks), {connections_, around.clock, around.observer,
                                    [this, publish = around.publish](const SnapshotPtr& snapshot) {
                                      publish(snapshot);
                                      evaluator_.look_soon();
                                    },
                                    &around.pause, &series_}) {
  delivery_.start();
  evaluator_.start();
  if (config.alerts.heartbeat) start_heartbeat(config.alerts, around);
}

void Engine::start_heartbeat(const AlertOptions& options, const Surroundings& around) {
  heartbeat_http_ = std::make_unique<CurlClient>(options.heartbeat->scheme);
  const milliseconds patience = 3 * options.interval + seconds(30);
  heartbeat_.emplace(*options.heartbeat, *heartbeat_http_, around.clock,
                     [this, around, patience] { return trouble(around, patience); });
  heartbeat_->start();
}

std::optional<std::string> Engine::trouble(const Surroundings& around, milliseconds patience) {
  around.store.prove_writable();
  const std::uint64_t rounds = evaluator_.status().evaluations;
  if (evaluations_.stands_still(rounds, around.clock.steady_now(), patience)) return "the rules are not evaluated";
  return delivery_.trouble();
}

std::vector<Family> Engine::families() const {
  std::vector<Family> families = delivery_families(delivery_.status(), delivery_.evicted());
  const Evaluator::Status rules = evaluator_.status();
  for (const auto& more : {alert_families(alerts_.current()), evaluator_families(rules), rule_families(rules)})
    families.insert(families.end(), more.begin(), more.end());
  families.push_back({"pgvigil_db_connections",
                      "Sessions that collectors hold on the watched server (the prober has one more).",
                      MetricType::gauge,
                      {},
                      {{{}, static_cast<double>(connections_.sessions())}}});
  return families;
}

}  // namespace pgvigil
