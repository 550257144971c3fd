#include "exporter/cli.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/error.h"
#include "exporter/commands.h"
#include "exporter/commands/alerts_cli.h"
#include "exporter/commands/notify.h"
#include "exporter/version.h"

namespace pgvigil {

namespace {

constexpr const char* default_config = "/etc/pgvigil/pgvigil.yaml";

struct Arguments {
  std::string config = default_config;
  std::vector<std::string> collectors;
  std::string format = "text";
  std::string table_format = "table";
  std::string collector;
  std::string file;
  std::string folder;
  std::vector<std::string> files;
  std::string reason;
  std::string channel;
  std::string expression;
};

void add_config_option(CLI::App& command, Arguments& arguments) {
  command.add_option("-c,--config", arguments.config, "The configuration file")->capture_default_str();
}

void add_checks(CLI::App& app, Arguments& arguments, int& exit_code) {
  auto* check = app.add_subcommand("check", "Check something without changing anything");
  check->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*command)(const std::filesystem::path&)) {
    auto* subcommand = check->add_subcommand(name, what);
    add_config_option(*subcommand, arguments);
    subcommand->callback([&, command] { exit_code = command(arguments.config); });
  };
  add("config", "Read the configuration and print every problem as FILE:LINE:COLUMN", check_config);
  add("connection", "Log in to the server and say what is there", check_connection);
  add("grants", "Print the SQL that grants what the role lacks; exit code 0: nothing", check_grants);
  add("queries", "Try your own queries on the server, without running them", check_queries);
  auto* built_in = check->add_subcommand("built-in", "Check the collectors and rules that are part of the binary");
  built_in->callback([&exit_code] { exit_code = check_built_in(); });
}

// Without --config the file that is there by default, if there is one: the built-in collectors can be told without it.
void add_collectors(CLI::App& app, Arguments& arguments, int& exit_code) {
  auto* collectors = app.add_subcommand("collectors", "List the collectors: what runs, how often, and what does not");
  auto* config = collectors->add_option("-c,--config", arguments.config, "The configuration file");
  config->capture_default_str();
  collectors->add_option("--explain", arguments.collector, "Everything about one: its variants, their SQL, why not");
  collectors->add_option("-o,--output", arguments.table_format, "How to print them")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  collectors->callback([&, config] {
    const bool known = config->count() > 0 || std::filesystem::exists(arguments.config);
    exit_code = list_collectors(known ? arguments.config : "", arguments.collector, arguments.table_format);
  });
}

void add_import(CLI::App& app, Arguments& arguments, int& exit_code) {
  auto* import = app.add_subcommand("import", "Take over what other exporters were configured with");
  import->require_subcommand(1);
  auto* queries = import->add_subcommand("queries", "Turn a query file of postgres_exporter or pg_exporter into ours");
  queries->add_option("FILE", arguments.file, "queries.yaml, or a collector file of pg_exporter")->required();
  queries->add_option("--output", arguments.folder, "A folder for one file a collector; otherwise standard output");
  queries->callback([&] { exit_code = import_query_file(arguments.file, arguments.folder); });
}

void add_notify(CLI::App& app, Arguments& arguments, int& exit_code) {
  auto* notify = app.add_subcommand("notify", "Work with the channels that tell people");
  notify->require_subcommand(1);
  auto* test = notify->add_subcommand("test", "Send a trigger and its resolve through a channel now");
  test->add_option("--channel", arguments.channel, "Its name in alerts.channels")->required();
  add_config_option(*test, arguments);
  test->callback([&] { exit_code = test_channel(arguments.config, arguments.channel); });
}

void add_rule_inspection(CLI::App& rules, Arguments& arguments, int& exit_code) {
  auto* list = rules.add_subcommand("list", "List the rules: what they look at, when they fire, how many do now");
  auto* config = list->add_option("-c,--config", arguments.config, "The configuration file; otherwise built-in rules");
  list->callback([&, config] { exit_code = list_rules(config->count() > 0 ? arguments.config : ""); });
  auto* eval = rules.add_subcommand("eval", "Evaluate an expression on samples from a file");
  eval->add_option("EXPR", arguments.expression, "In PromQL")->required();
  eval->add_option("--sample", arguments.file, "A file as /metrics or pgvigil collect write it; - is standard input")
      ->required();
  eval->callback([&] { exit_code = evaluate_expression(arguments.expression, arguments.file); });
}

void add_rules(CLI::App& app, Arguments& arguments, int& exit_code) {
  auto* rules = app.add_subcommand("rules", "Look at alert rules, test them, take them elsewhere");
  rules->require_subcommand(1);
  auto* exported = rules->add_subcommand("export", "Print the rules in another program's language");
  auto* config =
      exported->add_option("-c,--config", arguments.config, "The configuration file; otherwise built-in rules");
  exported->add_flag("--prometheus")->description("As alerting rules for Prometheus 2.42 and later")->required();
  exported->callback([&, config] { exit_code = export_rules(config->count() > 0 ? arguments.config : ""); });
  auto* tested = rules->add_subcommand("test", "Run tests of rules: what collectors report, what must be told");
  tested->add_option("FILE", arguments.files, "Files with tests")->required();
  tested->callback([&] { exit_code = test_rules(arguments.files); });
  add_rule_inspection(*rules, arguments, exit_code);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(
      "Watches a PostgreSQL server, tells people when something is wrong, and proves that its backups restore.",
      "pgvigil");
  Arguments arguments;
  int exit_code = 0;
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("pgvigil {}", version));

  auto* run = app.add_subcommand("run", "Run the agent until it is stopped; SIGHUP reads the configuration again");
  add_config_option(*run, arguments);
  run->callback([&] { exit_code = run_agent(arguments.config); });

  add_checks(app, arguments, exit_code);

  auto* collect = app.add_subcommand("collect", "Run collectors once and print their metrics");
  add_config_option(*collect, arguments);
  collect->add_option("NAME", arguments.collectors, "Collectors to run; all when none is named");
  collect->add_option("--format", arguments.format, "How to print them")
      ->check(CLI::IsMember({"text", "openmetrics", "json"}))
      ->capture_default_str();
  collect->callback([&] { exit_code = collect_once(arguments.config, arguments.collectors, arguments.format); });

  add_collectors(app, arguments, exit_code);
  add_import(app, arguments, exit_code);
  add_notify(app, arguments, exit_code);
  add_alerts(app, default_config, exit_code);
  add_rules(app, arguments, exit_code);

  auto* pause = app.add_subcommand("pause", "Stop collectors from working on the server; alerts then know nothing new");
  add_config_option(*pause, arguments);
  pause->add_option("--reason", arguments.reason, "Why, and who: shown in the log and on the page");
  pause->callback([&] { exit_code = pause_collectors(arguments.config, arguments.reason); });

  auto* resume = app.add_subcommand("resume", "Let paused collectors go on");
  add_config_option(*resume, arguments);
  resume->callback([&] { exit_code = resume_collectors(arguments.config); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const Error& error) {
    fmt::print(stderr, "pgvigil: {}\n", error.what());
    return error.kind() == Error::Kind::invalid ? 2 : 1;
  }
  return exit_code;
}

}  // namespace pgvigil
