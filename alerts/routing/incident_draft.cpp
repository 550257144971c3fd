#include "alerts/routing/incident_draft.h"

#include <algorithm>
#include <utility>

namespace pgvigil {

namespace {

AlertNews news_of(const FiringAlert& firing) {
  const Alert& alert = *firing.alert;
  AlertNews news;
  news.alert = alert.id;
  news.rule = alert.rule;
  news.instance = alert.instance;
  news.flapping = alert.flapping;
  news.level = firing.level;
  news.reason = alert.reason;
  if (alert.reason != Reason::no_data) news.value = alert.value;
  news.threshold = alert.threshold;
  news.since = alert.since;
  news.announcement = alert.announcement;
  return news;
}

bool more_urgent(const AlertNews& a, const AlertNews& b) {
  if (a.firing != b.firing) return a.firing;
  if (a.level != b.level) return a.level > b.level;
  return a.firing ? a.since < b.since : a.ended > b.ended;
}

// What the channel was last told of the member's level.
Level said(const AlertNews& news) {
  return news.previous.value_or(news.level);
}

Level highest_firing(const Incident& incident) {
  Level result = Level::warning;
  for (const auto& entry : incident.members) {
    if (entry.second.news.firing) result = std::max(result, entry.second.news.level);
  }
  return result;
}

// All members in their order, as many as a message holds; the others are counted.
void list_members(const Incident& incident, Notification& message) {
  std::vector<const AlertNews*> all;
  for (const auto& entry : incident.members) all.push_back(&entry.second.news);
  std::stable_sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return more_urgent(*a, *b); });
  message.more_over = incident.forgotten;
  for (const AlertNews* news : all) {
    if (message.alerts.size() < max_alerts_listed) {
      message.alerts.push_back(*news);
    } else {
      ++(news->firing ? message.more_firing : message.more_over);
    }
  }
}

}  // namespace

Incident::Member& IncidentDraft::touch(std::string_view alert) {
  change_.saved.emplace(alert);
  return change_.incident.members[std::string(alert)];
}

void IncidentDraft::add(const FiringAlert& alert, std::optional<Level> previous, const Route& route) {
  Incident::Member& member = touch(alert.alert->id);
  member.news = news_of(alert);
  member.news.previous = previous;
  member.highest = std::max(member.highest, alert.level);
  member.unsaid = true;
  change_.incident.highest = std::max(change_.incident.highest, alert.level);
  change_.incident.route = route.name;
  change_.incident.fallback = route.fallback;
  urgent_ = true;
}

void IncidentDraft::update(const FiringAlert& alert) {
  Incident::Member& member = touch(alert.alert->id);
  const AlertNews before = std::exchange(member.news, news_of(alert));
  AlertNews& news = member.news;
  // While it flaps it does not get better.
  if (before.flapping && news.flapping) news.level = std::max(news.level, before.level);
  if (said(before) != news.level) news.previous = said(before);
  const bool other_manner = before.flapping != news.flapping;
  urgent_ = urgent_ || other_manner || news.level > said(before);
  member.unsaid = other_manner || news.previous.has_value();
  member.highest = std::max(member.highest, news.level);
  change_.incident.highest = std::max(change_.incident.highest, news.level);
}

void IncidentDraft::end(std::string_view alert, Reason reason, WallTime now) {
  Incident::Member& member = touch(alert);
  member.news.firing = false;
  member.news.flapping = false;
  member.news.level = member.highest;
  member.news.previous.reset();
  member.news.reason = reason;
  member.news.ended = now;
  member.unsaid = true;
}

Notification IncidentDraft::message(Notification::Kind kind, bool repeat, SteadyTime now, WallTime wall_now) {
  Incident& incident = change_.incident;
  ++incident.sequence;
  incident.last_sent = wall_now;
  incident.spoken_at = now;
  Notification result;
  result.channel = incident.channel;
  result.route = incident.route;
  result.key = incident.key;
  result.sequence = incident.sequence;
  result.group = incident.group;
  result.kind = kind;
  result.level = kind == Notification::Kind::resolve ? incident.highest : highest_firing(incident);
  result.repeat = repeat;
  result.at = wall_now;
  result.fallback = incident.fallback;
  list_members(incident, result);
  for (auto& [alert, member] : incident.members) {
    if (!member.unsaid) continue;
    touch(alert).unsaid = false;
    member.news.previous.reset();
  }
  forget_old_members();
  return result;
}

// A group that lasts for months must not grow with all that has been over since.
void IncidentDraft::forget_old_members() {
  Incident& incident = change_.incident;
  std::vector<std::pair<std::optional<WallTime>, std::string>> over;
  for (const auto& [alert, member] : incident.members) {
    if (!member.news.firing) over.emplace_back(member.news.ended, alert);
  }
  if (over.size() <= max_alerts_listed) return;
  std::sort(over.begin(), over.end());
  over.resize(over.size() - max_alerts_listed);
  for (const auto& entry : over) {
    incident.members.erase(entry.second);
    change_.saved.erase(entry.second);
    change_.dropped.insert(entry.second);
    ++incident.forgotten;
  }
}

}  // namespace pgvigil
