#include "tests/support/exposition.h"

#include <cmath>
#include <stdexcept>

#include "core/text.h"

namespace pgvigil {

namespace {

// The label value that begins after its quote; `line` is left behind the closing one.
std::string take_value(std::string_view& line) {
  std::string value;
  std::size_t at = 0;
  for (; at < line.size() && line[at] != '"'; ++at) {
    if (line[at] == '\\') ++at;
    value += at > 0 && line[at - 1] == '\\' && line[at] == 'n' ? '\n' : line.at(at);
  }
  line.remove_prefix(at + 1);
  return value;
}

// name="value",name="value"} — without the brace that opens it.
LabelSet take_labels(std::string_view& line) {
  LabelSet labels;
  while (!line.starts_with('}')) {
    const std::string name(trim(line.substr(0, line.find('='))));
    line.remove_prefix(line.find('"') + 1);
    const std::string value = take_value(line);
    if (!value.empty()) labels[name] = value;
    if (line.starts_with(',')) line.remove_prefix(1);
  }
  line.remove_prefix(1);
  return labels;
}

}  // namespace

Exposition parse_exposition(std::string_view page) {
  Exposition result;
  for (const std::string& text : split(page, '\n')) {
    std::string_view line = text;
    if (line.empty() || line.starts_with('#')) continue;
    const auto end = line.find_first_of("{ ");
    if (end == std::string_view::npos) throw std::runtime_error("no series: " + text);
    const std::string name(line.substr(0, end));
    line.remove_prefix(end);
    LabelSet labels;
    if (line.starts_with('{')) {
      line.remove_prefix(1);
      labels = take_labels(line);
    }
    const double value = std::stod(std::string(trim(line)));
    if (!std::isnan(value)) result[name][labels] = value;
  }
  return result;
}

}  // namespace pgvigil
