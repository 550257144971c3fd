#include "alerts/history.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace pgvigil {

namespace {

using std::chrono::duration_cast;

constexpr std::int64_t minute = 60'000;

// Samples a little older than any window, so that a window's first moments know what was current then.
constexpr std::int64_t margin = minute;

std::int64_t step_of(const promql::HistoryNeed& need) {
  // A minute, or more where a window is so long that a thousand samples and a half draw it well enough.
  return need.coarse ? std::max(minute, need.span.count() / 1500 / minute * minute) : 0;
}

// Keeps the last sample of each step.
void append(SampleRing& ring, const Point& point, std::int64_t step) {
  if (!ring.empty() && point.time <= ring.back().time) return;
  const bool same_step = step > 0 && !ring.empty() && ring.back().time / step == point.time / step;
  if (same_step) {
    ring.replace_back(point);
  } else {
    ring.push_back(point);
  }
}

}  // namespace

double stale_marker() {
  // https://github.com/prometheus/prometheus/blob/v2.42.0/model/value/value.go
  return std::bit_cast<double>(0x7ff0000000000002ULL);
}

bool is_stale(double value) {
  return std::bit_cast<std::uint64_t>(value) == 0x7ff0000000000002ULL;
}

History::History(const std::vector<promql::Expression>& expressions, SteadyTime now, WallTime wall_now,
                 std::size_t series_limit)
    : base_(duration_cast<milliseconds>(wall_now.time_since_epoch() - now.time_since_epoch()).count()),
      series_limit_(series_limit) {
  for (const promql::Expression& expression : expressions) {
    never_seen_.insert(expression.metrics().begin(), expression.metrics().end());
    for (const promql::HistoryNeed& need : expression.needs()) {
      Track& track = tracks_[need.key];
      const milliseconds span = std::max(track.need.span, need.span);
      track.need = need;
      track.need.span = span;
      track.step = step_of(track.need);
    }
  }
}

std::int64_t History::axis(SteadyTime time) const {
  return base_ + duration_cast<milliseconds>(time.time_since_epoch()).count();
}

std::int64_t History::wall_shift(SteadyTime now, WallTime wall_now) const {
  return duration_cast<milliseconds>(wall_now.time_since_epoch()).count() - axis(now);
}

const History::Track* History::find(const std::string& key) const {
  const auto found = tracks_.find(key);
  return found == tracks_.end() ? nullptr : &found->second;
}

void History::observe(const std::vector<SnapshotPtr>& snapshots, SteadyTime now) {
  for (const SnapshotPtr& snapshot : snapshots) {
    const auto [entry, is_new] = taken_.emplace(snapshot->task, snapshot->run);
    if (!is_new && entry->second == snapshot->run) continue;
    entry->second = snapshot->run;
    take(*snapshot);
  }
  if (axis(now) - forgot_at_ >= minute) forget(axis(now));
}

void History::take(const Snapshot& snapshot) {
  std::unordered_map<std::string_view, const Family*> families;
  for (const Family& family : snapshot.families) {
    families.emplace(family.name, &family);
    if (!never_seen_.empty()) never_seen_.erase(family.name);
  }
  for (auto& [key, track] : tracks_) {
    const auto family = families.find(track.need.selector.metric);
    if (family != families.end()) take(snapshot, *family->second, track);
    end_missing(snapshot, track);
  }
}

void History::take(const Snapshot& snapshot, const Family& family, Track& track) {
  const std::int64_t time = axis(snapshot.taken_at);
  track.valid_for = snapshot.valid_for.count();
  append(track.looks, {time, 1}, track.step);
  const promql::LabelShape& shape = shapes_.copied_shape(family.name, family.label_names);
  for (const SeriesView sample : family.samples) {
    if (!track.need.selector.accepts(family, sample)) continue;
    Series* const series = series_for(track, {shape, sample.label_values.data()});
    if (series == nullptr) continue;
    const bool again = series->run == snapshot.run && series->task == snapshot.task;
    series->task = snapshot.task;
    series->run = snapshot.run;
    // A value that is not known is a gap; of two series with equal labels the first one counts.
    if (again || std::isnan(sample.value)) continue;
    series->ended = false;
    append(series->samples, {time, sample.value}, track.step);
  }
}

// What the task reported before and does not report now has ended.
void History::end_missing(const Snapshot& snapshot, Track& track) const {
  for (Series& series : track.series) {
    if (series.ended || series.run == snapshot.run || series.task != snapshot.task) continue;
    series.ended = true;
    append(series.samples, {axis(snapshot.taken_at), stale_marker()}, 0);
  }
}

History::Series* History::series_for(Track& track, const promql::LabelSet& labels) {
  const std::size_t known = track.index.find(labels);
  if (known != promql::LabelIndex::none) return &track.series[known];
  if (series_ >= series_limit_) {
    ++left_out_;
    return nullptr;
  }
  ++series_;
  Series& series = track.series.emplace_back();
  std::size_t width = 0;
  for (const promql::LabelShape::Column& column : labels.shape().columns) width = std::max(width, column.index + 1);
  series.row.assign(labels.row(), labels.row() + width);
  series.labels = {labels.shape(), series.row.data()};
  track.index.insert(series.labels, track.series.size() - 1);
  return &series;
}

void History::add(const std::string& key, const std::string& metric, const Labels& labels, const Point& point) {
  const auto track = tracks_.find(key);
  if (track == tracks_.end()) return;
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (const auto& [name, value] : labels) {
    names.push_back(name);
    values.push_back(value);
  }
  const promql::LabelShape& shape = shapes_.copied_shape(metric, names);
  Series* const series = series_for(track->second, {shape, values.data()});
  if (series == nullptr) return;
  append(series->samples, point, track->second.step);
}

void History::add_look(const std::string& key, std::int64_t time) {
  const auto track = tracks_.find(key);
  if (track != tracks_.end()) append(track->second.looks, {time, 1}, track->second.step);
}

void History::forget(std::int64_t now) {
  forgot_at_ = now;
  series_ = 0;
  for (auto& [key, track] : tracks_) {
    forget(track, now);
    series_ += track.series.size();
  }
}

void History::forget(Track& track, std::int64_t now) {
  const std::int64_t oldest = now - track.need.span.count() - track.valid_for - margin;
  track.looks.forget_before(oldest);
  bool any_gone = false;
  for (Series& series : track.series) {
    series.samples.forget_before(oldest);
    any_gone = any_gone || series.samples.empty();
  }
  if (!any_gone) return;
  std::deque<Series> kept;
  for (Series& series : track.series) {
    if (!series.samples.empty()) kept.push_back(std::move(series));
  }
  track.series = std::move(kept);
  track.index = promql::LabelIndex(track.series.size());
  for (std::size_t i = 0; i < track.series.size(); ++i) {
    Series& series = track.series[i];
    series.labels = {series.labels.shape(), series.row.data()};
    track.index.insert(series.labels, i);
  }
}

}  // namespace pgvigil
