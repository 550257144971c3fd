#include "alerts/alert_history.h"

#include <algorithm>

#include "alerts/alert_json.h"

namespace pgvigil {

namespace {

std::optional<std::string> text_of(std::optional<Level> level) {
  return level ? std::optional(std::string(to_string(*level))) : std::nullopt;
}

AlertHistory::Event read(const LocalStore::Statement& row) {
  return {WallTime(WallTime::duration(row.integer(0))),
          {row.text(1), row.text(2), row.text(3), parse_level(row.text(4)), parse_level(row.text(5)),
           parse_reason(row.text(6)).value_or(Reason::condition), value_from(Json::parse(row.text(7))), row.text(8)}};
}

}  // namespace

AlertHistory::AlertHistory(LocalStore& store) : store_(store) {
  store_.migrate("alert_history", {"CREATE TABLE alert_event ("
                                   " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                   " at INTEGER NOT NULL,"
                                   " alert TEXT NOT NULL,"
                                   " rule TEXT NOT NULL,"
                                   " subject TEXT NOT NULL,"
                                   " level_before TEXT,"
                                   " level_after TEXT,"
                                   " reason TEXT NOT NULL,"
                                   " value TEXT NOT NULL,"
                                   " summary TEXT NOT NULL)"});
}

void AlertHistory::append(LocalStore::Transaction& transaction, const std::vector<LevelChange>& changes, WallTime at) {
  for (const LevelChange& change : changes) {
    transaction
        .prepare(
            "INSERT INTO alert_event (at, alert, rule, subject, level_before, level_after, reason, value, summary)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(std::int64_t{at.time_since_epoch().count()})
        .bind(change.alert)
        .bind(change.rule)
        .bind(change.subject)
        .bind(text_of(change.before))
        .bind(text_of(change.after))
        .bind(to_string(change.reason))
        .bind(to_json(change.value).dump())
        .bind(change.summary)
        .step();
  }
  if (changes.empty()) return;
  transaction.prepare("DELETE FROM alert_event WHERE id <= (SELECT max(id) FROM alert_event) - ?")
      .bind(std::int64_t{kept})
      .step();
}

std::vector<AlertHistory::Event> AlertHistory::since(WallTime from, int limit) const {
  std::vector<Event> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(
        "SELECT at, alert, rule, subject, level_before, level_after, reason, value, summary FROM alert_event"
        " WHERE at >= ? ORDER BY id DESC LIMIT ?");
    query.bind(std::int64_t{from.time_since_epoch().count()}).bind(std::int64_t{limit});
    while (query.step()) result.push_back(read(query));
  });
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace pgvigil
