#include "exporter/sample_file.h"

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "alerts/promql/expression.h"
#include "core/text.h"

namespace pgvigil {

namespace {

struct Line {
  std::string metric;
  Labels labels;
  double value = 0;
};

// Where the series' name and labels end: behind the } that is not inside a quoted value, or at the first space.
std::size_t end_of_series(std::string_view line) {
  const std::size_t brace = line.find_first_of("{ \t");
  if (brace == std::string_view::npos || line[brace] != '{') return std::min(brace, line.size());
  bool quoted = false;
  for (std::size_t at = brace; at < line.size(); ++at) {
    if (quoted && line[at] == '\\') {
      ++at;
    } else if (line[at] == '"') {
      quoted = !quoted;
    } else if (line[at] == '}' && !quoted) {
      return at + 1;
    }
  }
  return line.size();
}

std::optional<double> value_of(std::string_view text) {
  text = text.substr(0, text.find_first_of(" \t"));
  const std::string word = lower(text.starts_with('+') ? text.substr(1) : text);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// A series is written like a selector that takes nothing but it.
std::optional<Line> read_line(std::string_view text, std::string& what) {
  const std::size_t end = end_of_series(text);
  const auto parsed = promql::Expression::parse(text.substr(0, end));
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    what = error->what;
    return std::nullopt;
  }
  const auto& expression = std::get<promql::Expression>(parsed);
  const auto* const series = std::get_if<promql::VectorSelector>(&expression.root().content);
  const auto value = value_of(trim(text.substr(end)));
  if (series == nullptr || !value) {
    what = "expected a series and its value, such as pg_up 1 or m{a=\"b\"} 2";
    return std::nullopt;
  }
  return Line{series->selector.metric, series->selector.fixed_labels(), *value};
}

std::vector<Family> families_of(const std::map<std::string, std::vector<Line>>& by_metric) {
  std::vector<Family> result;
  for (const auto& [metric, lines] : by_metric) {
    std::set<std::string> names;
    for (const Line& line : lines) {
      for (const auto& [name, value] : line.labels) names.insert(name);
    }
    Family family{metric, "", MetricType::unknown, {names.begin(), names.end()}, {}};
    for (const Line& line : lines) {
      Sample sample{{}, line.value};
      for (const std::string& name : names) {
        const auto label = line.labels.find(name);
        sample.label_values.push_back(label == line.labels.end() ? std::string() : label->second);
      }
      family.samples.push_back(sample);
    }
    result.push_back(std::move(family));
  }
  return result;
}

}  // namespace

std::variant<std::vector<Family>, SampleFileError> read_samples(std::string_view text) {
  std::map<std::string, std::vector<Line>> by_metric;
  std::size_t number = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line.front() == '#') continue;
    std::string what;
    auto read = read_line(line, what);
    if (!read) return SampleFileError{number, what};
    std::vector<Line>& lines = by_metric[read->metric];
    lines.push_back(std::move(*read));
  }
  return families_of(by_metric);
}

}  // namespace pgvigil
