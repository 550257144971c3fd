#include "alerts/routing/silence_store.h"

#include <utility>

#include "core/log.h"

namespace pgvigil {

namespace {

// How long one that has ended stays in the table, for those who ask what was silenced last week.
constexpr auto keep_ended_for = std::chrono::hours(24 * 30);

std::int64_t micros(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_micros(std::int64_t count) {
  return WallTime(WallTime::duration(count));
}

constexpr std::string_view silence_columns = "SELECT id, match, author, reason, starts, ends, created FROM silence ";

// Nothing for one whose matchers this version does not understand.
std::optional<Silence> read_silence(const LocalStore::Statement& row) {
  Silence silence;
  silence.id = row.integer(0);
  std::string why;
  auto match = Matchers::parse(row.text(1), why);
  if (!match) {
    log::error("silence {} is left out: {}", silence.id, why);
    return std::nullopt;
  }
  silence.match = std::move(*match);
  silence.author = row.text(2);
  silence.reason = row.text(3);
  if (!row.is_null(4)) silence.starts = from_micros(row.integer(4));
  silence.ends = from_micros(row.integer(5));
  silence.created = from_micros(row.integer(6));
  return silence;
}

Acknowledgement read_acknowledgement(const LocalStore::Statement& row) {
  return {row.text(0),
          parse_level(row.text(1)).value_or(Level::warning),
          row.text(2),
          row.text(3),
          from_micros(row.integer(4)),
          from_micros(row.integer(5))};
}

}  // namespace

SilenceStore::SilenceStore(LocalStore& store) : store_(store) {
  store_.migrate("silences", {"CREATE TABLE silence ("
                              " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                              " match TEXT NOT NULL,"
                              " author TEXT NOT NULL,"
                              " reason TEXT NOT NULL,"
                              " starts INTEGER,"
                              " ends INTEGER NOT NULL,"
                              " created INTEGER NOT NULL)",
                              "CREATE TABLE acknowledgement ("
                              " alert TEXT PRIMARY KEY,"
                              " level TEXT NOT NULL,"
                              " author TEXT NOT NULL,"
                              " reason TEXT NOT NULL,"
                              " ends INTEGER NOT NULL,"
                              " created INTEGER NOT NULL)"});
}

std::int64_t SilenceStore::add(const Silence& silence) {
  std::int64_t id = 0;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("DELETE FROM silence WHERE ends < ?").bind(micros(silence.created - keep_ended_for)).step();
    auto insert = transaction.prepare(
        "INSERT INTO silence (match, author, reason, starts, ends, created) VALUES (?, ?, ?, ?, ?, ?) RETURNING id");
    insert.bind(silence.match.text()).bind(silence.author).bind(silence.reason);
    insert.bind(silence.starts ? std::optional(micros(*silence.starts)) : std::nullopt);
    insert.bind(micros(silence.ends)).bind(micros(silence.created));
    if (insert.step()) id = insert.integer(0);
  });
  return id;
}

bool SilenceStore::end(std::int64_t id, WallTime now) {
  bool found = false;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    auto update = transaction.prepare("UPDATE silence SET ends = ?1 WHERE id = ?2 AND ends > ?1 RETURNING id");
    update.bind(micros(now)).bind(id);
    found = update.step();
  });
  return found;
}

std::vector<Silence> SilenceStore::all(WallTime now) const {
  std::vector<Silence> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(std::string(silence_columns) + "WHERE ends > ? ORDER BY ends, id");
    query.bind(micros(now));
    while (query.step()) {
      if (auto silence = read_silence(query)) result.push_back(std::move(*silence));
    }
  });
  return result;
}

void SilenceStore::acknowledge(const Acknowledgement& acknowledgement) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("INSERT OR REPLACE INTO acknowledgement VALUES (?, ?, ?, ?, ?, ?)")
        .bind(acknowledgement.alert)
        .bind(to_string(acknowledgement.level))
        .bind(acknowledgement.author)
        .bind(acknowledgement.reason)
        .bind(micros(acknowledgement.ends))
        .bind(micros(acknowledgement.created))
        .step();
  });
}

const Wishes& SilenceStore::in_force(WallTime now) {
  Wishes wishes;
  std::map<std::int64_t, std::optional<Silence>> parsed;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto silences = transaction.prepare(std::string(silence_columns) + "WHERE ends > ?");
    silences.bind(micros(now));
    while (silences.step()) {
      auto known = parsed_.extract(silences.integer(0));
      auto silence = known.empty() ? read_silence(silences) : std::move(known.mapped());
      if (silence) silence->ends = from_micros(silences.integer(5));
      if (silence && silence->active(now)) wishes.silences.push_back(*silence);
      parsed.emplace(silences.integer(0), std::move(silence));
    }
    auto acknowledgements =
        transaction.prepare("SELECT alert, level, author, reason, ends, created FROM acknowledgement WHERE ends > ?");
    acknowledgements.bind(micros(now));
    while (acknowledgements.step()) {
      Acknowledgement one = read_acknowledgement(acknowledgements);
      wishes.acknowledgements.insert_or_assign(one.alert, one);
    }
  });
  parsed_ = std::move(parsed);
  wishes_ = std::move(wishes);
  return wishes_;
}

void SilenceStore::forget_alert(LocalStore::Transaction& transaction, const std::string& alert) {
  transaction.prepare("DELETE FROM acknowledgement WHERE alert = ?").bind(alert).step();
}

}  // namespace pgvigil
