#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert.h"
#include "alerts/level.h"
#include "alerts/selector.h"

namespace pgvigil {

// The labels by which routes, silences and inhibition know an alert: rule, severity, instance, and those of its
// message. A view: what it was made of must outlive it.
class RoutingLabels {
 public:
  RoutingLabels(const Alert& alert, Level level);
  // As a person writes them down.
  explicit RoutingLabels(const Labels& labels);

  std::string_view operator[](std::string_view name) const;  // empty: it has none

 private:
  std::string_view rule_;
  std::string_view severity_;
  std::string_view instance_;
  const Labels* labels_;
};

// Conditions on labels that must all hold, as they stand between the braces of a PromQL selector:
// severity="critical", team=~"dba|app". Immutable.
class Matchers {
 public:
  Matchers() = default;  // accept everything

  // nullopt when the text is refused; `why` then says what is wrong and what is allowed.
  static std::optional<Matchers> parse(std::string_view text, std::string& why);

  bool accept(const RoutingLabels& labels) const;

  // The labels that they fix, when they do nothing else: an alert written down by hand.
  std::optional<Labels> as_labels() const;

  const std::string& text() const { return text_; }  // as it was written

 private:
  std::string text_;
  std::vector<LabelMatcher> matchers_;
};

}  // namespace pgvigil
