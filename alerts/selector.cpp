#include "alerts/selector.h"

#include <algorithm>
#include <set>

namespace pgvigil {

namespace {

std::string_view value_of(const Family& family, const SeriesView& sample, std::string_view label) {
  const auto found = std::find(family.label_names.begin(), family.label_names.end(), label);
  const auto index = static_cast<std::size_t>(found - family.label_names.begin());
  return index < sample.label_values.size() ? std::string_view(sample.label_values[index]) : std::string_view();
}

std::string_view symbol_of(LabelMatcher::Kind kind) {
  switch (kind) {
    case LabelMatcher::Kind::equal: return "=";
    case LabelMatcher::Kind::not_equal: return "!=";
    case LabelMatcher::Kind::matches: return "=~";
    case LabelMatcher::Kind::not_matches: return "!~";
  }
  return "=";
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace

bool LabelMatcher::accepts(std::string_view label_value) const {
  switch (kind) {
    case Kind::equal: return label_value == value;
    case Kind::not_equal: return label_value != value;
    case Kind::matches: return regex->matches(label_value);
    case Kind::not_matches: return !regex->matches(label_value);
  }
  return false;
}

bool Selector::accepts(const Family& family, const SeriesView& sample) const {
  return std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
    return matcher.accepts(value_of(family, sample, matcher.label));
  });
}

Labels Selector::fixed_labels() const {
  // A label that is asked for twice is left out, as Prometheus does it.
  Labels result;
  std::set<std::string_view> set;
  for (const LabelMatcher& matcher : matchers) {
    if (matcher.kind == LabelMatcher::Kind::equal && set.insert(matcher.label).second) {
      result[matcher.label] = matcher.value;
    } else {
      result.erase(matcher.label);
    }
  }
  std::erase_if(result, [](const auto& label) { return label.second.empty(); });
  return result;
}

std::string to_string(const Selector& selector) {
  std::string result = selector.metric;
  char separator = '{';
  for (const LabelMatcher& matcher : selector.matchers) {
    result += separator + matcher.label + std::string(symbol_of(matcher.kind)) + quoted(matcher.value);
    separator = ',';
  }
  return separator == ',' ? result + '}' : result;
}

Labels labels_of(const Family& family, const SeriesView& sample) {
  Labels result;
  for (std::size_t i = 0; i < family.label_names.size() && i < sample.label_values.size(); ++i) {
    if (!sample.label_values[i].empty()) result.emplace(family.label_names[i], sample.label_values[i]);
  }
  return result;
}

}  // namespace pgvigil
