#include "exporter/cli.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

#include "core/error.h"
#include "exporter/commands.h"
#include "exporter/version.h"

namespace pgvigil {

namespace {

constexpr const char* default_config = "/etc/pgvigil/pgvigil.yaml";

struct Arguments {
  std::string config = default_config;
  std::vector<std::string> collectors;
  std::string format = "text";
  std::string reason;
};

void add_config_option(CLI::App& command, Arguments& arguments) {
  command.add_option("-c,--config", arguments.config, "The configuration file")->capture_default_str();
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

  auto* check = app.add_subcommand("check", "Check something without changing anything");
  check->require_subcommand(1);
  auto* config = check->add_subcommand("config", "Read the configuration and print every problem as FILE:LINE:COLUMN");
  add_config_option(*config, arguments);
  config->callback([&] { exit_code = check_config(arguments.config); });

  auto* built_in = check->add_subcommand("built-in", "Check the collectors and rules that are part of the binary");
  built_in->callback([&] { exit_code = check_built_in(); });

  auto* collect = app.add_subcommand("collect", "Run collectors once and print their metrics");
  add_config_option(*collect, arguments);
  collect->add_option("NAME", arguments.collectors, "Collectors to run; all when none is named");
  collect->add_option("--format", arguments.format, "How to print them")
      ->check(CLI::IsMember({"text", "openmetrics", "json"}))
      ->capture_default_str();
  collect->callback([&] { exit_code = collect_once(arguments.config, arguments.collectors, arguments.format); });

  auto* collectors = app.add_subcommand("collectors", "List the built-in collectors");
  collectors->callback([&] { exit_code = list_collectors(); });

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
