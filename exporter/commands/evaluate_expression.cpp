#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "alerts/promql/evaluate.h"
#include "alerts/rule_samples.h"
#include "core/error.h"
#include "core/file.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"
#include "exporter/sample_file.h"

namespace pgvigil {

namespace {

std::string content_of(const std::filesystem::path& file) {
  if (file != "-") return read_file(file, 64U << 20U);
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

// The expression with a mark under the place where it is wrong.
void tell(const SyntaxError& error, const std::string& text) {
  const bool one_line = text.find('\n') == std::string::npos;
  if (one_line) fmt::print(stderr, "{}\n{:>{}}\n", text, "^", error.offset + 1);
  fmt::print(stderr, "at character {}: {}\n", error.offset + 1, error.what);
}

std::string shown(const promql::Element& element) {
  switch (element.certainty) {
    case promql::Certainty::known: return fmt::format("{}", element.value);
    case promql::Certainty::value_unknown: return "not known";
    case promql::Certainty::presence_unknown: return "not known whether it belongs here";
  }
  return {};
}

void print(const promql::Value& value) {
  if (const auto* number = std::get_if<promql::Scalar>(&value)) {
    fmt::print("{}\n", number->known ? fmt::format("{}", number->value) : "not known");
    return;
  }
  const auto& vector = std::get<promql::Vector>(value);
  for (const promql::Element& element : vector.elements) {
    fmt::print("{} {}\n", promql::to_string(element.labels), shown(element));
  }
  if (!vector.complete) fmt::print("there may be more: not all metrics of the expression are known\n");
}

void warn_of_windows(const promql::Expression& expression) {
  if (expression.needs().empty()) return;
  fmt::print(stderr, "pgvigil: a file of samples is one moment: windows and offsets know nothing of it\n");
}

}  // namespace

int evaluate_expression(const std::string& text, const std::filesystem::path& sample_file) {
  const auto parsed = promql::Expression::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    tell(*error, text);
    return unusable_config;
  }
  const auto& expression = std::get<promql::Expression>(parsed);
  auto families = read_samples(content_of(sample_file));
  if (const auto* error = std::get_if<SampleFileError>(&families)) {
    fmt::print(stderr, "{}:{}: {}\n", sample_file.string(), error->line, error->what);
    return unusable_config;
  }
  warn_of_windows(expression);
  const SystemClock clock;
  Snapshot snapshot;
  snapshot.task = "file";
  snapshot.taken_at = clock.steady_now();
  snapshot.taken_at_wall = clock.wall_now();
  snapshot.valid_for = std::chrono::hours(1);
  snapshot.families = std::move(std::get<std::vector<Family>>(families));
  const auto now = std::chrono::duration_cast<milliseconds>(snapshot.taken_at_wall.time_since_epoch()).count();
  const std::vector<SnapshotPtr> snapshots{std::make_shared<const Snapshot>(std::move(snapshot))};
  const RuleSamples samples(snapshots, nullptr, snapshots.front()->taken_at, now);
  promql::Workspace workspace;
  print(promql::evaluate(expression.root(), samples, {now, now}, workspace));
  return all_good;
}

}  // namespace pgvigil
