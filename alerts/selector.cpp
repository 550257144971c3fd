#include "alerts/selector.h"

#include <algorithm>

namespace pgvigil {

namespace {

std::string_view value_of(const Family& family, const SeriesView& sample, std::string_view label) {
  const auto found = std::find(family.label_names.begin(), family.label_names.end(), label);
  const auto index = static_cast<std::size_t>(found - family.label_names.begin());
  return index < sample.label_values.size() ? std::string_view(sample.label_values[index]) : std::string_view();
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
  Labels result;
  for (const LabelMatcher& matcher : matchers) {
    if (matcher.kind == LabelMatcher::Kind::equal && !matcher.value.empty()) result[matcher.label] = matcher.value;
  }
  return result;
}

Labels labels_of(const Family& family, const SeriesView& sample) {
  Labels result;
  for (std::size_t i = 0; i < family.label_names.size() && i < sample.label_values.size(); ++i) {
    if (!sample.label_values[i].empty()) result.emplace(family.label_names[i], sample.label_values[i]);
  }
  return result;
}

}  // namespace pgvigil
