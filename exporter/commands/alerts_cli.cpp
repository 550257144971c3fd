#include "exporter/commands/alerts_cli.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "core/text.h"
#include "exporter/commands/alerts.h"

namespace pgvigil {

namespace {

// What the subcommands are given. Shared by their callbacks, which run after this file's functions have returned.
struct Arguments {
  AlertCommand command;
  AlertCommand::Wish wish;
  std::string duration;
  std::string since = "24h";
  std::string labels;
  std::int64_t id = 0;
};
using SharedArguments = std::shared_ptr<Arguments>;

std::string refuse_duration(const std::string& text) {
  const auto duration = parse_duration(text);
  return duration && duration->count() > 0 ? "" : "'" + text + "' is no duration such as 30m, 2h or 1d";
}

CLI::App& add(CLI::App& alerts, const char* name, const char* what, const SharedArguments& arguments) {
  auto* command = alerts.add_subcommand(name, what);
  command->add_option("-c,--config", arguments->command.config_file, "The configuration file")->capture_default_str();
  return *command;
}

void add_output(CLI::App& command, const SharedArguments& arguments) {
  command.add_option("-o,--output", arguments->command.format, "How to print it")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void add_wish(CLI::App& command, const SharedArguments& arguments) {
  command.add_option("--for", arguments->duration, "How long, such as 30m or 2h")->required()->check(&refuse_duration);
  command.add_option("--reason", arguments->wish.reason, "Why; shown to others")->required();
  command.add_option("--author", arguments->wish.author, "Who; by default whoever is logged in");
}

void add_questions(CLI::App& alerts, const SharedArguments& arguments, int& exit_code) {
  auto& list = add(alerts, "list", "List the alerts that fire or are about to", arguments);
  add_output(list, arguments);
  list.callback([arguments, &exit_code] { exit_code = arguments->command.list(); });

  auto& history = add(alerts, "history", "What alerts did: every change of a level", arguments);
  history.add_option("--since", arguments->since, "How far back, such as 24h")
      ->check(&refuse_duration)
      ->capture_default_str();
  add_output(history, arguments);
  history.callback([arguments, &exit_code] {
    exit_code = arguments->command.history(parse_duration(arguments->since).value_or(milliseconds(0)));
  });

  auto& explain = add(alerts, "explain", "Who would be told of an alert with these labels, and why", arguments);
  explain.add_option("LABELS", arguments->labels, "rule=\"disk-used\", severity=\"critical\", …")->required();
  add_output(explain, arguments);
  explain.callback([arguments, &exit_code] { exit_code = arguments->command.explain(arguments->labels); });
}

void add_silences(CLI::App& alerts, const SharedArguments& arguments, int& exit_code) {
  auto& silence = add(alerts, "silence", "Tell nobody of some alerts for a while", arguments);
  silence.add_option("--match", arguments->wish.what, "Of which ones: rule=\"lag\", datname=~\"shop.*\"")->required();
  add_wish(silence, arguments);
  silence.callback([arguments, &exit_code] {
    arguments->wish.duration = parse_duration(arguments->duration).value_or(milliseconds(0));
    exit_code = arguments->command.silence(arguments->wish);
  });

  auto& silences = add(alerts, "silences", "List the silences in force", arguments);
  add_output(silences, arguments);
  silences.callback([arguments, &exit_code] { exit_code = arguments->command.silences(); });

  auto& end = add(alerts, "unsilence", "End a silence", arguments);
  end.add_option("ID", arguments->id, "Its number")->required();
  end.callback([arguments, &exit_code] { exit_code = arguments->command.end_silence(arguments->id); });
}

}  // namespace

void add_alerts(CLI::App& app, const char* default_config, int& exit_code) {
  auto* alerts = app.add_subcommand("alerts", "What fires, what did, who is told, and who wants to be left alone");
  alerts->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();
  arguments->command.config_file = default_config;
  add_questions(*alerts, arguments, exit_code);
  add_silences(*alerts, arguments, exit_code);
  auto& ack = add(*alerts, "ack", "Take on an alert: no reminders, until it gets worse or is over", arguments);
  ack.add_option("ALERT", arguments->wish.what, "The beginning of its id, or its labels")->required();
  add_wish(ack, arguments);
  ack.callback([arguments, &exit_code] {
    arguments->wish.duration = parse_duration(arguments->duration).value_or(milliseconds(0));
    exit_code = arguments->command.acknowledge(arguments->wish);
  });
}

}  // namespace pgvigil
