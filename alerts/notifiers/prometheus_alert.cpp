#include "alerts/notifiers/prometheus_alert.h"

#include <fmt/format.h>

#include "alerts/message_text.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_value = 1000;
constexpr std::size_t max_text = 4000;

std::string label_name(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9' && !result.empty();
    result += letter || digit ? c : '_';
  }
  return result;
}

void add(Labels& labels, std::string_view name, std::string_view value, std::size_t most) {
  if (!name.empty() && !value.empty()) labels.emplace(label_name(name), truncate_utf8(value, most));
}

}  // namespace

Labels identifying_labels(const AlertNews& news) {
  Labels labels;
  add(labels, "alertname", news.rule, max_value);
  add(labels, "severity", to_string(news.level), max_value);
  add(labels, "instance", news.instance, max_value);
  return labels;
}

// Ours come first and stay: a label of the database could otherwise take the place of the alert's name.
Labels prometheus_labels(const AlertNews& news) {
  Labels labels = identifying_labels(news);
  for (const auto& [name, value] : news.announcement.labels) add(labels, name, value, max_value);
  return labels;
}

Labels prometheus_annotations(const AlertNews& news) {
  Labels annotations;
  add(annotations, "summary", news.announcement.summary, max_text);
  add(annotations, "description", news.announcement.description, max_text);
  const std::string& runbook = news.announcement.runbook;
  add(annotations, is_link(runbook) ? "runbook_url" : "runbook", runbook, max_text);
  if (news.value) add(annotations, "value", fmt::format("{}", *news.value), max_text);
  return annotations;
}

std::optional<WallTime> end_of(const AlertNews& news, const Notification& notification) {
  if (news.firing) return std::nullopt;
  return news.ended.value_or(notification.at);
}

}  // namespace pgvigil
