#include "alerts/routing/routing_store.h"

#include <algorithm>
#include <chrono>

#include "alerts/alert_json.h"
#include "alerts/routing/incident_json.h"

namespace pgvigil {

namespace {

std::int64_t micros(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_micros(std::int64_t count) {
  return WallTime(WallTime::duration(count));
}

// The same moment on the monotonic clock. One in the future was stored before somebody set the wall clock back: how
// long ago it was is not known, and `instead` counts.
SteadyTime steady_of(WallTime moment, SteadyTime now, WallTime wall_now, milliseconds instead) {
  return moment <= wall_now ? now - (wall_now - moment) : now - instead;
}

std::optional<std::string> level_text(std::optional<Level> level) {
  return level ? std::optional(std::string(to_string(*level))) : std::nullopt;
}

void save_incident(LocalStore::Transaction& transaction, const Incident& incident) {
  transaction
      .prepare(
          "INSERT OR REPLACE INTO incident (channel, key, group_key, route, labels, level, highest, sequence,"
          " last_sent, fallback, forgotten) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(incident.channel)
      .bind(incident.key)
      .bind(incident.group_key)
      .bind(incident.route)
      .bind(to_json(incident.group).dump())
      .bind(level_text(incident.level))
      .bind(to_string(incident.highest))
      .bind(static_cast<std::int64_t>(incident.sequence))
      .bind(micros(incident.last_sent))
      .bind(texts_json(incident.fallback).dump())
      .bind(static_cast<std::int64_t>(incident.forgotten))
      .step();
}

void save_member(LocalStore::Transaction& transaction, const Incident& incident, const std::string& alert) {
  transaction.prepare("INSERT OR REPLACE INTO incident_member VALUES (?, ?, ?, ?)")
      .bind(incident.channel)
      .bind(incident.key)
      .bind(alert)
      .bind(member_json(incident.members.at(alert)).dump())
      .step();
}

void save_change(LocalStore::Transaction& transaction, const IncidentChange& change) {
  const Incident& incident = change.incident;
  save_incident(transaction, incident);
  for (const std::string& alert : change.saved) save_member(transaction, incident, alert);
  for (const std::string& alert : change.dropped) {
    transaction.prepare("DELETE FROM incident_member WHERE channel = ? AND key = ? AND alert = ?")
        .bind(incident.channel)
        .bind(incident.key)
        .bind(alert)
        .step();
  }
}

Incident read_incident(const LocalStore::Statement& row) {
  Incident incident;
  incident.channel = row.text(0);
  incident.key = row.text(1);
  incident.group_key = row.text(2);
  incident.route = row.text(3);
  incident.group = labels_from(Json::parse(row.text(4)));
  incident.level = parse_level(row.text(5));
  incident.highest = parse_level(row.text(6)).value_or(Level::warning);
  incident.sequence = static_cast<std::uint64_t>(row.integer(7));
  incident.last_sent = from_micros(row.integer(8));
  incident.fallback = texts_from(Json::parse(row.text(9)));
  incident.forgotten = static_cast<std::size_t>(row.integer(10));
  return incident;
}

}  // namespace

RoutingStore::RoutingStore(LocalStore& store) : store_(store) {
  store_.migrate("routing", {"CREATE TABLE incident ("
                             " channel TEXT NOT NULL,"
                             " key TEXT NOT NULL,"
                             " group_key TEXT NOT NULL,"
                             " route TEXT NOT NULL,"
                             " labels TEXT NOT NULL,"
                             " level TEXT,"
                             " highest TEXT NOT NULL,"
                             " sequence INTEGER NOT NULL,"
                             " last_sent INTEGER NOT NULL,"
                             " fallback TEXT NOT NULL,"
                             " forgotten INTEGER NOT NULL,"
                             " PRIMARY KEY (channel, key)) WITHOUT ROWID",
                             "CREATE TABLE incident_member ("
                             " channel TEXT NOT NULL,"
                             " key TEXT NOT NULL,"
                             " alert TEXT NOT NULL,"
                             " told TEXT NOT NULL,"
                             " PRIMARY KEY (channel, key, alert))",
                             "CREATE TABLE waiting_group ("
                             " channel TEXT NOT NULL,"
                             " group_key TEXT NOT NULL,"
                             " since INTEGER NOT NULL,"
                             " PRIMARY KEY (channel, group_key)) WITHOUT ROWID"});
  take_over_told_alone();
}

void RoutingStore::append(LocalStore::Transaction& transaction, const RoutingChanges& changes) {
  for (const IncidentId& id : changes.removed) {
    for (const char* table : {"incident", "incident_member"}) {
      transaction.prepare("DELETE FROM " + std::string(table) + " WHERE channel = ? AND key = ?")
          .bind(id.first)
          .bind(id.second)
          .step();
    }
  }
  for (const IncidentChange& change : changes.saved) save_change(transaction, change);
  if (!changes.waiting) return;
  transaction.execute("DELETE FROM waiting_group");
  for (const auto& [id, group] : *changes.waiting) {
    transaction.prepare("INSERT INTO waiting_group VALUES (?, ?, ?)")
        .bind(id.first)
        .bind(id.second)
        .bind(micros(group.since))
        .step();
  }
}

RoutingState RoutingStore::load(SteadyTime now, WallTime wall_now) const {
  RoutingState state;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto incidents = transaction.prepare(
        "SELECT channel, key, group_key, route, labels, level, highest, sequence, last_sent, fallback, forgotten"
        " FROM incident");
    while (incidents.step()) {
      Incident incident = read_incident(incidents);
      incident.spoken_at = steady_of(incident.last_sent, now, wall_now, good_news_pace);
      IncidentId id{incident.channel, incident.key};
      state.incidents.emplace(std::move(id), std::move(incident));
    }
    auto members = transaction.prepare("SELECT channel, key, alert, told FROM incident_member");
    while (members.step()) {
      const auto incident = state.incidents.find({members.text(0), members.text(1)});
      if (incident == state.incidents.end()) continue;
      incident->second.members.emplace(members.text(2), member_from(Json::parse(members.text(3))));
    }
    auto groups = transaction.prepare("SELECT channel, group_key, since FROM waiting_group");
    while (groups.step()) {
      const WallTime since = from_micros(groups.integer(2));
      state.waiting.emplace(IncidentId{groups.text(0), groups.text(1)},
                            WaitingGroup{since, steady_of(since, now, wall_now, longest_group_wait)});
    }
  });
  return state;
}

// Each alert had an incident of its own then, whose key named its level.
void RoutingStore::take_over_told_alone() {
  store_.transaction([](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(
        "SELECT alert.id, rule, instance, since, value, announcement, told_alone.told"
        " FROM told_alone JOIN alert USING (id)");
    while (query.step()) {
      Incident::Member member;
      AlertNews& news = member.news;
      news.alert = query.text(0);
      news.rule = query.text(1);
      news.instance = query.text(2);
      news.since = from_micros(query.integer(3));
      news.value = value_from(Json::parse(query.text(4)));
      news.announcement = announcement_from(Json::parse(query.text(5)));
      const Json channels = Json::parse(query.text(6));
      for (const auto& [channel, told] : channels.object()) {
        const Level level = parse_level(told.text()).value_or(Level::warning);
        news.level = level;
        member.highest = level;
        const std::string key = alert_key(news.instance, news.alert, level);
        Incident incident{channel, key, key, "", {}, level, level, 1, news.since, {}, {}, {}, 0};
        incident.members.emplace(news.alert, member);
        save_change(transaction, {std::move(incident), {news.alert}, {}});
      }
    }
    transaction.execute("DELETE FROM told_alone");
  });
}

}  // namespace pgvigil
