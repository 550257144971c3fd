#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/label_regex.h"
#include "core/sample.h"

namespace pgvigil {

// Labels of one series or alert, without empty values: in Prometheus an empty label is the same as none.
using Labels = std::map<std::string, std::string, std::less<>>;

// One condition on a label. A label that a series lacks counts as empty.
struct LabelMatcher {
  enum class Kind { equal, not_equal, matches, not_matches };
  std::string label;
  Kind kind = Kind::equal;
  std::string value;
  std::optional<LabelRegex> regex;  // of the kinds `matches` and `not_matches`

  bool accepts(std::string_view label_value) const;
};

// An instant vector selector: the series of one metric whose labels satisfy every matcher.
struct Selector {
  std::string metric;
  std::vector<LabelMatcher> matchers;

  // Whether the matchers accept this sample of `family` (which must be the selector's metric).
  bool accepts(const Family& family, const SeriesView& sample) const;

  // The labels that the matchers fix, as absent() in PromQL makes them.
  Labels fixed_labels() const;
};

// metric{label="value",…}, with quotes and backslashes escaped.
std::string to_string(const Selector& selector);

Labels labels_of(const Family& family, const SeriesView& sample);

}  // namespace pgvigil
