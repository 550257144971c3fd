#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "alerts/promql/expression.h"
#include "alerts/promql/label_set.h"
#include "alerts/sample_ring.h"
#include "core/clock.h"
#include "core/snapshot.h"

namespace pgvigil {

// The value that marks the end of a series, as Prometheus writes it: a NaN of its own.
double stale_marker();
bool is_stale(double value);

// The samples that rules with windows look back at, of the selectors that need them and no others. Bounded: a series
// keeps what the longest window over it needs, a minute's last sample where windows are long, and there are at most
// `series_limit` series. Owned by the evaluator and used on its thread.
//
// Times are milliseconds on an axis that follows the steady clock and began as the wall clock's time: when somebody
// sets the clock, windows stay as long as they were.
class History {
 public:
  struct Series {
    promql::LabelSet labels;  // views of `row`
    std::vector<std::string> row;
    SampleRing samples;
    std::string task;       // that reported it last; empty while it was only read from the store
    std::uint64_t run = 0;  // of that task
    bool ended = false;
    std::int64_t stored_until = 0;  // up to where the store has its samples
  };

  // All that is kept for one selector.
  struct Track {
    promql::HistoryNeed need;
    std::int64_t step = 0;  // only the last sample of each so many milliseconds is kept; 0: all are
    std::deque<Series> series;
    promql::LabelIndex index;  // of labels, to the position in `series`
    SampleRing looks;          // when somebody reported the metric, whatever series it had
    std::int64_t looks_stored_until = 0;
    std::int64_t valid_for = 0;  // how long a sample of it counts as current, in milliseconds
  };

  static constexpr std::size_t default_series_limit = 20'000;

  History(const std::vector<promql::Expression>& expressions, SteadyTime now, WallTime wall_now,
          std::size_t series_limit = default_series_limit);
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Takes over the samples of the history before it in the same process, as far as they are still wanted.
  void adopt(const History& before);

  // Takes what the snapshots report that were not here before, and forgets what no window reaches any more.
  void observe(const std::vector<SnapshotPtr>& snapshots, SteadyTime now);

  // One sample, for what comes from elsewhere (the store, tests). Nothing happens when no selector wants it.
  void add(const std::string& key, const std::string& metric, const Labels& labels, const Point& point);
  // Somebody reported the metric of `key` then.
  void add_look(const std::string& key, std::int64_t time);

  const Track* find(const std::string& key) const;
  std::map<std::string, Track>& tracks() { return tracks_; }  // for HistoryStore

  std::int64_t axis(SteadyTime time) const;
  // How far the wall clock is ahead of the axis by now, in milliseconds: not zero after it was set.
  std::int64_t wall_shift(SteadyTime now, WallTime wall_now) const;

  // Metrics that rules read and that no snapshot has ever had.
  const std::set<std::string>& never_seen() const { return never_seen_; }
  std::size_t series() const { return series_; }
  std::size_t left_out() const { return left_out_; }  // samples of series beyond the limit

 private:
  void take(const Snapshot& snapshot);
  void take(const Snapshot& snapshot, const Family& family, Track& track);
  void end_missing(const Snapshot& snapshot, Track& track) const;
  Series* series_for(Track& track, const promql::LabelSet& labels);
  void forget(std::int64_t now);
  void forget(Track& track, std::int64_t now);

  std::int64_t base_;  // axis time of the steady clock's zero
  std::size_t series_limit_;
  std::map<std::string, Track> tracks_;
  std::map<std::string, std::uint64_t> taken_;  // task → the run that was taken last
  promql::Workspace shapes_;
  std::set<std::string> never_seen_;
  std::size_t series_ = 0;
  std::size_t left_out_ = 0;
  std::int64_t forgot_at_ = 0;
};

}  // namespace pgvigil
