#include "alerts/alert_store.h"

#include <algorithm>

#include "alerts/alert_json.h"
#include "alerts/lifecycle_json.h"
#include "alerts/outbox.h"

namespace pgvigil {

namespace {

Json told_json(const std::map<std::string, Level>& told) {
  Json::Object members;
  for (const auto& [channel, level] : told) members.emplace_back(channel, std::string(to_string(level)));
  return members;
}

std::map<std::string, Level> told_from(const Json& json) {
  std::map<std::string, Level> result;
  for (const auto& [channel, name] : json.object()) {
    if (const auto level = parse_level(name.text())) result.emplace(channel, *level);
  }
  return result;
}

void save(LocalStore::Transaction& transaction, const Alert& alert) {
  transaction
      .prepare(
          "INSERT OR REPLACE INTO alert (id, rule, subject, instance, task, state, since, value, announcement, told)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(alert.id)
      .bind(alert.rule)
      .bind(to_json(alert.subject).dump())
      .bind(alert.instance)
      .bind(alert.task)
      .bind(to_json(alert.state).dump())
      .bind(std::int64_t{alert.since.time_since_epoch().count()})
      .bind(to_json(alert.value).dump())
      .bind(to_json(alert.announcement).dump())
      .bind(told_json(alert.told).dump())
      .step();
}

Alert read(const LocalStore::Statement& row) {
  Alert alert;
  alert.id = row.text(0);
  alert.rule = row.text(1);
  alert.subject = labels_from(Json::parse(row.text(2)));
  alert.instance = row.text(3);
  alert.task = row.text(4);
  alert.state = lifecycle_from(Json::parse(row.text(5)));
  alert.since = WallTime(WallTime::duration(row.integer(6)));
  alert.value = value_from(Json::parse(row.text(7)));
  alert.announcement = announcement_from(Json::parse(row.text(8)));
  alert.told = told_from(Json::parse(row.text(9)));
  return alert;
}

}  // namespace

AlertStore::AlertStore(LocalStore& store) : store_(store) {
  store_.migrate("alerts", {"CREATE TABLE alert ("
                            " id TEXT PRIMARY KEY,"
                            " rule TEXT NOT NULL,"
                            " subject TEXT NOT NULL,"
                            " instance TEXT NOT NULL,"
                            " task TEXT NOT NULL,"
                            " state TEXT NOT NULL,"
                            " since INTEGER NOT NULL,"
                            " value TEXT NOT NULL,"
                            " announcement TEXT NOT NULL,"
                            " told TEXT NOT NULL)"});
}

Alerts AlertStore::load() {
  Alerts result;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(
        "SELECT id, rule, subject, instance, task, state, since, value, announcement, told FROM alert");
    while (query.step()) {
      Alert alert = read(query);
      result.emplace(alert.id, std::move(alert));
    }
  });
  return result;
}

void AlertStore::commit(const AlertChanges& changes) {
  if (changes.empty()) return;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    for (const Alert& alert : changes.saved) save(transaction, alert);
    for (const std::string& id : changes.removed) {
      transaction.prepare("DELETE FROM alert WHERE id = ?").bind(id).step();
    }
    for (const Notification& notification : changes.notifications) Outbox::append(transaction, notification);
  });
}

void AlertStore::show(const Alerts& alerts) {
  std::vector<AlertView> views;
  views.reserve(alerts.size());
  for (const auto& [id, alert] : alerts) views.push_back(view_of(alert));
  std::stable_sort(views.begin(), views.end(), [](const AlertView& a, const AlertView& b) {
    if (a.state != b.state) return a.state == AlertView::State::firing;
    return a.level != b.level ? a.level > b.level : a.since < b.since;
  });
  const std::lock_guard lock(mutex_);
  views_ = std::move(views);
}

std::vector<AlertView> AlertStore::current() const {
  const std::lock_guard lock(mutex_);
  return views_;
}

}  // namespace pgvigil
