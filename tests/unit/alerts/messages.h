#pragma once

#include <string>

#include "alerts/notifier.h"

// Shared by the tests of channels: messages to deliver.
namespace pgvigil {

inline const WallTime noon{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + std::chrono::hours(12)};

// One alert that has fired for five minutes.
inline AlertNews firing_alert(const std::string& rule = "idle-in-transaction") {
  AlertNews news;
  news.alert = "id of " + rule;
  news.rule = rule;
  news.instance = "db1";
  news.value = 312;
  news.threshold = 300;
  news.since = noon - std::chrono::minutes(5);
  news.announcement = {"shop", {{"datname", "shop"}}, "shop: idle for 5m12s", "It holds locks.", "End it."};
  return news;
}

inline Notification trigger() {
  Notification result;
  result.channel = "c";
  result.route = "default";
  result.key = "pgvigil:abc";
  result.at = noon;
  result.alerts = {firing_alert()};
  return result;
}

// The end of what trigger() began.
inline Notification resolve() {
  Notification result = trigger();
  result.kind = Notification::Kind::resolve;
  result.sequence = 2;
  result.at = noon + std::chrono::minutes(2);
  result.alerts.front().firing = false;
  result.alerts.front().ended = result.at;
  return result;
}

// So many alerts in one message, half of them critical.
inline Notification storm(std::size_t count) {
  Notification result = trigger();
  result.key = "pgvigil:storm";
  result.group = {{"cluster", "main"}};
  result.level = Level::critical;
  result.alerts.clear();
  for (std::size_t i = 0; i < count; ++i) {
    AlertNews news = firing_alert("rule-" + std::to_string(i));
    if (i * 2 < count) news.level = Level::critical;
    result.alerts.push_back(std::move(news));
  }
  return result;
}

inline Letter letter(const Notification& notification) {
  return {letter_id(notification), notification, false, "", notification.at};
}

// What a hostile database could put into every text of a message.
inline Notification filled_with(const std::string& text) {
  Notification result = trigger();
  AlertNews& news = result.alerts.front();
  news.instance = text;
  news.announcement = {text, {}, text, text, text};
  for (int i = 0; i < 200; ++i) news.announcement.labels["l" + std::to_string(i)] = text;
  return result;
}

inline HttpResponse answer(long status, std::string body = "",
                           std::map<std::string, std::string, std::less<>> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

}  // namespace pgvigil
