#include "alerts/message_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace pgvigil {

namespace {

// Beyond this neither milliseconds nor bytes fit into 64 bits.
constexpr double largest = 9e15;

}  // namespace

std::variant<MessageTemplate, SyntaxError> MessageTemplate::parse(std::string_view text) {
  MessageTemplate result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find("{{", at), text.size());
    if (open > at) result.parts_.emplace_back(std::string(text.substr(at, open - at)));
    if (open == text.size()) break;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return SyntaxError{open, "a {{ has no }}"};
    auto placeholder = parse_placeholder(text.substr(open + 2, close - open - 2));
    if (const auto* why = std::get_if<std::string>(&placeholder)) return SyntaxError{open, *why};
    result.parts_.emplace_back(std::get<Placeholder>(std::move(placeholder)));
    at = close + 2;
  }
  return result;
}

std::variant<MessageTemplate::Placeholder, std::string> MessageTemplate::parse_placeholder(std::string_view text) {
  static const std::vector<std::pair<std::string_view, Field>> fields{
      {"subject", Field::subject}, {"instance", Field::instance},   {"level", Field::level},
      {"value", Field::value},     {"threshold", Field::threshold},
  };
  static const std::vector<std::pair<std::string_view, Filter>> filters{
      {"duration", Filter::duration}, {"percent", Filter::percent}, {"bytes", Filter::bytes}};
  const std::vector<std::string> words = split(text, '|');
  const std::string name(words.empty() ? std::string_view() : trim(words.front()));
  Placeholder result;
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& entry) { return entry.first == name; });
  if (field != fields.end()) {
    result.field = field->second;
  } else if (name.starts_with("label.") && name.size() > 6) {
    result.field = Field::label;
    result.label = name.substr(6);
  } else {
    return fmt::format("{{{{{}}}}} is not known; allowed are subject, instance, level, value, threshold, label.NAME",
                       name);
  }
  if (words.size() == 1) return result;
  const std::string filter_name(trim(words[1]));
  const auto filter =
      std::find_if(filters.begin(), filters.end(), [&](const auto& entry) { return entry.first == filter_name; });
  const bool number = result.field == Field::value || result.field == Field::threshold;
  if (words.size() > 2 || filter == filters.end() || !number) {
    return std::string("a filter follows value or threshold and is one of duration, percent, bytes");
  }
  result.filter = filter->second;
  return result;
}

std::string MessageTemplate::format_number(std::optional<double> value, Filter filter) {
  if (!value) return "no data";
  if (!std::isfinite(*value)) return fmt::format("{}", *value);
  const double bounded = std::clamp(*value, -largest, largest);
  const std::string sign = bounded < 0 ? "-" : "";
  switch (filter) {
    case Filter::none: return fmt::format("{:.6g}", *value);
    case Filter::percent: return fmt::format("{:.4g}%", *value * 100);
    case Filter::bytes: return sign + format_size(static_cast<std::int64_t>(std::abs(bounded)));
    case Filter::duration:
      // Milliseconds matter below ten seconds only.
      if (std::abs(bounded) < 10) return sign + format_duration(milliseconds(std::llround(std::abs(bounded) * 1000)));
      return sign + format_duration(seconds(std::llround(std::abs(bounded))));
  }
  return {};
}

std::string MessageTemplate::text_of(const Placeholder& placeholder, const TemplateValues& values) {
  switch (placeholder.field) {
    case Field::subject: return values.subject;
    case Field::instance: return values.instance;
    case Field::level: return std::string(to_string(values.level));
    case Field::value: return format_number(values.value, placeholder.filter);
    case Field::threshold: return format_number(values.threshold, placeholder.filter);
    case Field::label: break;
  }
  const auto found = values.labels.find(placeholder.label);
  return found == values.labels.end() ? std::string() : found->second;
}

std::string MessageTemplate::render(const TemplateValues& values) const {
  std::string result;
  for (const Part& part : parts_) {
    const auto* literal = std::get_if<std::string>(&part);
    result += literal != nullptr ? *literal : text_of(std::get<Placeholder>(part), values);
  }
  return result;
}

}  // namespace pgvigil
