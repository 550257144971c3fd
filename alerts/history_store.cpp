#include "alerts/history_store.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "alerts/alert_json.h"
#include "core/json.h"

namespace pgvigil {

namespace {

// The row of `looks`, which is no series.
constexpr std::string_view looks_label = "looks";

constexpr std::int64_t minute = 60'000;

// "time value time value …": times in wall-clock milliseconds, values that read back as they were.
std::string written(std::span<const Point> points, std::int64_t shift) {
  std::string result;
  for (const Point& point : points) {
    if (is_stale(point.value)) {
      result += fmt::format("{} x ", point.time + shift);
    } else {
      result += fmt::format("{} {} ", point.time + shift, point.value);
    }
  }
  return result;
}

template <typename Number>
Number take_number(std::string_view& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(error == std::errc() ? static_cast<std::size_t>(end - text.data()) : 0);
  return value;
}

// Calls `visit` with each point; stops at what write() did not write.
template <typename Visitor>
void read_points(std::string_view text, const Visitor& visit) {
  while (!text.empty()) {
    const std::size_t before = text.size();
    Point point;
    point.time = take_number<std::int64_t>(text);
    if (text.size() == before || text.size() < 3) return;
    text.remove_prefix(1);
    if (text.front() == 'x') {
      point.value = stale_marker();
      text.remove_prefix(1);
    } else {
      point.value = take_number<double>(text);
    }
    if (!text.empty()) text.remove_prefix(1);
    visit(point);
  }
}

// What is complete by now: the last sample of the current minute may still be replaced.
std::span<const Point> unwritten(const SampleRing& ring, std::int64_t after, std::int64_t now) {
  return ring.between(after + 1, now / minute * minute - 1);
}

void append(LocalStore::Transaction& transaction, const std::string& key, const std::string& labels,
            std::span<const Point> points, std::int64_t shift) {
  if (points.empty()) return;
  transaction.prepare("INSERT INTO history (selector, labels, last, points) VALUES (?, ?, ?, ?)")
      .bind(key)
      .bind(labels)
      .bind(points.back().time + shift)
      .bind(written(points, shift))
      .step();
}

void append(LocalStore::Transaction& transaction, const std::string& key, const History::Track& track, std::int64_t now,
            std::int64_t shift) {
  append(transaction, key, std::string(looks_label), unwritten(track.looks, track.looks_stored_until, now), shift);
  for (const History::Series& series : track.series) {
    const auto points = unwritten(series.samples, series.stored_until, now);
    if (!points.empty()) append(transaction, key, to_json(series.labels.labels()).dump(), points, shift);
  }
  transaction.prepare("DELETE FROM history WHERE selector = ? AND last < ?")
      .bind(key)
      .bind(now + shift - track.need.span.count() - 2 * minute)
      .step();
}

// All that unwritten() gave is written now.
void note_stored(History::Track& track, std::int64_t now) {
  const auto note = [&](const SampleRing& ring, std::int64_t& until) {
    const auto written = unwritten(ring, until, now);
    if (!written.empty()) until = written.back().time;
  };
  note(track.looks, track.looks_stored_until);
  for (History::Series& series : track.series) note(series.samples, series.stored_until);
}

}  // namespace

HistoryStore::HistoryStore(LocalStore& store) : store_(store) {
  store_.migrate("history", {"CREATE TABLE history ("
                             " selector TEXT NOT NULL,"
                             " labels TEXT NOT NULL,"
                             " last INTEGER NOT NULL,"
                             " points TEXT NOT NULL)",
                             "CREATE INDEX history_by_age ON history (selector, last)"});
}

void HistoryStore::load(History& history, SteadyTime now, WallTime wall_now) {
  const std::int64_t axis_now = history.axis(now);
  const std::int64_t shift = history.wall_shift(now, wall_now);
  written_at_ = now;
  std::vector<std::string> unwanted;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT selector, labels, points FROM history ORDER BY selector, last");
    while (query.step()) {
      const std::string key = query.text(0);
      const History::Track* const track = history.find(key);
      if (track == nullptr || !track->need.coarse) {
        if (unwanted.empty() || unwanted.back() != key) unwanted.push_back(key);
        continue;
      }
      const std::string labels = query.text(1);
      const std::string metric = track->need.selector.metric;
      const Labels parsed = labels == looks_label ? Labels{} : labels_from(Json::parse(labels));
      read_points(query.text(2), [&](Point point) {
        point.time -= shift;
        if (point.time >= axis_now) return;  // the clock was ahead when this was written
        if (labels == looks_label) {
          history.add_look(key, point.time);
        } else {
          history.add(key, metric, parsed, point);
        }
      });
    }
  });
  for (auto& [key, track] : history.tracks()) note_stored(track, axis_now);
  if (unwanted.empty()) return;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    for (const std::string& key : unwanted) {
      transaction.prepare("DELETE FROM history WHERE selector = ?").bind(key).step();
    }
  });
}

void HistoryStore::write_if_due(History& history, SteadyTime now, WallTime wall_now) {
  if (now - written_at_ < write_every) return;
  write(history, now, wall_now);
}

void HistoryStore::write(History& history, SteadyTime now, WallTime wall_now) {
  const std::int64_t axis_now = history.axis(now);
  const std::int64_t shift = history.wall_shift(now, wall_now);
  written_at_ = now;  // a disk that is full is not tried more often
  bool any = false;
  for (const auto& [key, track] : history.tracks()) any = any || track.need.coarse;
  if (!any) return;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    for (const auto& [key, track] : history.tracks()) {
      if (track.need.coarse) append(transaction, key, track, axis_now, shift);
    }
  });
  for (auto& [key, track] : history.tracks()) note_stored(track, axis_now);
}

}  // namespace pgvigil
