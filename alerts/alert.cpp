#include "alerts/alert.h"

#include <fmt/core.h>

#include "core/sha256.h"
#include "core/text.h"

namespace pgvigil {

std::string alert_id(std::string_view rule, const Labels& subject) {
  // Lengths in front of the parts, so that no two different lists of parts make the same text.
  std::string text;
  const auto add = [&text](std::string_view part) {
    text += std::to_string(part.size()) + ":";
    text += part;
  };
  add(rule);
  for (const auto& [name, value] : subject) {
    add(name);
    add(value);
  }
  return sha256_hex(text);
}

std::string describe_subject(const Labels& subject, const std::string& instance) {
  if (subject.empty()) return instance;
  if (subject.size() == 1) return subject.begin()->second;
  std::vector<std::string> parts;
  parts.reserve(subject.size());
  for (const auto& [name, value] : subject) parts.push_back(fmt::format("{}={}", name, value));
  return join(parts, ", ");
}

AlertView view_of(const Alert& alert) {
  AlertView view{alert.rule,   alert.subject, AlertView::State::firing,   Level::warning,
                 alert.since,  alert.value,   alert.announcement.summary, alert.id,
                 alert.subject};
  if (const auto firing = alert.state.firing()) {
    view.level = *firing;
    view.labels = alert.announcement.labels;
    return view;
  }
  view.state = AlertView::State::pending;
  view.summary.clear();
  // The level that it is on its way to.
  for (const Level level : all_levels) {
    if (alert.state.levels[index_of(level)].rising.started) view.level = level;
  }
  return view;
}

}  // namespace pgvigil
