#include "alerts/alert_store.h"

#include <algorithm>

#include "alerts/alert_json.h"

namespace pgvigil {

namespace {

void save(LocalStore::Transaction& transaction, const Alert& alert) {
  transaction
      .prepare(
          "INSERT OR REPLACE INTO alert (id, rule, subject, instance, task, state, since, value, announcement, reason,"
          " threshold, flapping) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(alert.id)
      .bind(alert.rule)
      .bind(to_json(alert.subject).dump())
      .bind(alert.instance)
      .bind(alert.task)
      .bind(to_json(alert.state).dump())
      .bind(std::int64_t{alert.since.time_since_epoch().count()})
      .bind(to_json(alert.value).dump())
      .bind(to_json(alert.announcement).dump())
      .bind(to_string(alert.reason))
      .bind(to_json(alert.threshold).dump())
      .bind(std::int64_t{alert.flapping ? 1 : 0})
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
  alert.reason = parse_reason(row.text(9)).value_or(Reason::condition);
  alert.threshold = value_from(Json::parse(row.text(10)));
  alert.flapping = row.integer(11) != 0;
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
                            " told TEXT NOT NULL)",
                            // What channels were told is kept by routing, which takes over what was told before it.
                            "CREATE TABLE told_alone AS SELECT id, told FROM alert WHERE told <> '{}'",
                            "ALTER TABLE alert DROP COLUMN told",
                            "ALTER TABLE alert ADD COLUMN reason TEXT NOT NULL DEFAULT 'condition'",
                            "ALTER TABLE alert ADD COLUMN threshold TEXT NOT NULL DEFAULT 'null'",
                            "ALTER TABLE alert ADD COLUMN flapping INTEGER NOT NULL DEFAULT 0"});
}

Alerts AlertStore::load() const {
  Alerts result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(
        "SELECT id, rule, subject, instance, task, state, since, value, announcement, reason, threshold, flapping"
        " FROM alert");
    while (query.step()) {
      Alert alert = read(query);
      result.emplace(alert.id, std::move(alert));
    }
  });
  return result;
}

void AlertStore::append(LocalStore::Transaction& transaction, const AlertChanges& changes) {
  for (const Alert& alert : changes.saved) save(transaction, alert);
  for (const std::string& id : changes.removed) {
    transaction.prepare("DELETE FROM alert WHERE id = ?").bind(id).step();
  }
}

void AlertStore::show(const Alerts& alerts) {
  std::vector<AlertView> views = views_of(alerts);
  const std::lock_guard lock(mutex_);
  views_ = std::move(views);
}

std::vector<AlertView> AlertStore::current() const {
  const std::lock_guard lock(mutex_);
  return views_;
}

std::vector<AlertView> views_of(const Alerts& alerts) {
  std::vector<AlertView> views;
  views.reserve(alerts.size());
  for (const auto& [id, alert] : alerts) views.push_back(view_of(alert));
  std::stable_sort(views.begin(), views.end(), [](const AlertView& a, const AlertView& b) {
    if (a.state != b.state) return a.state == AlertView::State::firing;
    return a.level != b.level ? a.level > b.level : a.since < b.since;
  });
  return views;
}

}  // namespace pgvigil
