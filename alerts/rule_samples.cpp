#include "alerts/rule_samples.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace pgvigil {

namespace {

using promql::Certainty;
using promql::LabelIndex;
using promql::LabelSet;
using promql::Vector;
using Read = promql::SampleSource::Read;

double seconds_of(std::int64_t time) {
  return static_cast<double>(time) / 1000;
}

// Which matchers stand for which column of a family; nothing when none of its series can match.
class FamilyFilter {
 public:
  FamilyFilter(const Selector& selector, const Family& family) {
    for (const LabelMatcher& matcher : selector.matchers) {
      const auto name = std::find(family.label_names.begin(), family.label_names.end(), matcher.label);
      if (name == family.label_names.end()) {
        possible_ = possible_ && matcher.accepts("");
      } else {
        matchers_.emplace_back(&matcher, static_cast<std::size_t>(name - family.label_names.begin()));
      }
    }
  }

  bool possible() const { return possible_; }
  bool accepts(std::span<const std::string> row) const {
    return std::all_of(matchers_.begin(), matchers_.end(),
                       [&](const auto& entry) { return entry.first->accepts(row[entry.second]); });
  }

 private:
  std::vector<std::pair<const LabelMatcher*, std::size_t>> matchers_;
  bool possible_ = true;
};

// Of series with equal labels the first one counts, as on /metrics.
void remove_duplicates(Vector& vector) {
  LabelIndex index(vector.elements.size());
  std::size_t position = 0;
  std::erase_if(vector.elements,
                [&](const auto& element) { return index.insert(element.labels, position++) != LabelIndex::none; });
}

// The samples of a window without the marks of a series' end.
std::span<const Point> window_of(const SampleRing& ring, std::int64_t start, std::int64_t end,
                                 promql::Workspace& workspace) {
  const auto points = ring.between(start, end);
  const auto stale = [](const Point& point) { return is_stale(point.value); };
  if (std::none_of(points.begin(), points.end(), stale)) return points;
  std::vector<Point> kept(points.begin(), points.end());
  std::erase_if(kept, stale);
  return workspace.add(std::move(kept));
}

// How much of a window is filled: each sample speaks for the time until the next one, but no longer than it is valid.
bool half_filled(const SampleRing& ring, std::int64_t start, std::int64_t end, std::int64_t valid_for) {
  const auto points = ring.between(start - valid_for, end);
  std::int64_t covered = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (is_stale(points[i].value)) continue;
    const std::int64_t next = i + 1 < points.size() ? points[i + 1].time : end;
    const std::int64_t until = std::min(next, points[i].time + valid_for);
    covered += std::max<std::int64_t>(0, until - std::max(points[i].time, start));
  }
  return 2 * covered >= end - start;
}

std::int64_t validity(const History::Track& track) {
  return std::max(track.valid_for, 2 * track.step);
}

// The last samples at `time`, none of them older than `lookback`.
Vector last_samples(const History::Track& track, std::int64_t time, std::int64_t lookback, Read read) {
  Vector result;
  for (const History::Series& series : track.series) {
    const auto points = series.samples.between(time - lookback, time);
    if (points.empty() || is_stale(points.back().value)) continue;
    const Point& last = points.back();
    const double value = read == Read::times ? seconds_of(last.time) : last.value;
    result.elements.push_back({series.labels, value, Certainty::known});
  }
  return result;
}

}  // namespace

RuleSamples::RuleSamples(const std::vector<SnapshotPtr>& snapshots, const History* history, SteadyTime now,
                         std::int64_t axis_now)
    : history_(history), now_(now), axis_now_(axis_now) {
  for (const SnapshotPtr& snapshot : snapshots) {
    const bool current = snapshot->current(now);
    for (const Family& family : snapshot->families) {
      by_metric_[family.name].push_back({snapshot.get(), &family, current});
    }
  }
}

const std::vector<RuleSamples::Source>& RuleSamples::sources(const std::string& metric) const {
  static const std::vector<Source> nobody;
  const auto found = by_metric_.find(metric);
  return found == by_metric_.end() ? nobody : found->second;
}

bool RuleSamples::known(const std::string& metric) const {
  const std::vector<Source>& all = sources(metric);
  return !all.empty() && std::all_of(all.begin(), all.end(),
                                     [](const Source& source) { return source.current && source.snapshot->complete; });
}

std::int64_t RuleSamples::axis(const Snapshot& snapshot) const {
  return axis_now_ - std::chrono::duration_cast<milliseconds>(now_ - snapshot.taken_at).count();
}

Vector RuleSamples::instant(const promql::VectorSelector& selector, std::int64_t now, Read read,
                            promql::Workspace& workspace) const {
  if (selector.offset == milliseconds(0)) return current(selector, read, workspace);
  const History::Track* const track = history_ == nullptr ? nullptr : history_->find(selector.history);
  if (track == nullptr) return {{}, false};
  const std::int64_t time = now - selector.offset.count();
  // A task that runs seldom reports seldom; what it said counts until it is due to say something else.
  const std::int64_t lookback = std::max(promql::lookback.count(), validity(*track));
  Vector result = last_samples(*track, time, lookback, read);
  result.complete = !track->looks.between(time - lookback, time).empty();
  return result;
}

Vector RuleSamples::current(const promql::VectorSelector& selector, Read read, promql::Workspace& workspace) const {
  Vector result;
  result.complete = known(selector.selector.metric);
  bool duplicates = false;
  for (const Source& source : sources(selector.selector.metric)) {
    const Family& family = *source.family;
    const FamilyFilter filter(selector.selector, family);
    if (!source.current || !filter.possible() || family.samples.empty()) continue;
    const promql::LabelShape& shape = workspace.shape_of(family.name, family.label_names);
    duplicates = duplicates || !result.elements.empty() || has_duplicates(family, shape);
    const double time = seconds_of(axis(*source.snapshot));
    result.elements.reserve(result.elements.size() + family.samples.size());
    for (const SeriesView sample : family.samples) {
      if (!filter.accepts(sample.label_values)) continue;
      const Certainty certainty = std::isnan(sample.value) ? Certainty::value_unknown : Certainty::known;
      const double value = read == Read::times ? time : sample.value;
      result.elements.push_back({LabelSet(shape, sample.label_values.data()), value, certainty});
    }
  }
  if (duplicates) remove_duplicates(result);
  return result;
}

bool RuleSamples::has_duplicates(const Family& family, const promql::LabelShape& shape) const {
  const LabelRows& rows = *family.samples.rows();
  const auto [entry, is_new] = duplicates_.emplace(&rows, false);
  if (!is_new) return entry->second;
  LabelIndex index(rows.size());
  for (std::size_t i = 0; i < rows.size() && !entry->second; ++i) {
    entry->second = index.insert(LabelSet(shape, rows[i].data()), i) != LabelIndex::none;
  }
  return entry->second;
}

promql::RangeVector RuleSamples::range(const promql::VectorSelector& selector, std::int64_t start, std::int64_t end,
                                       promql::Workspace& workspace) const {
  const History::Track* const track = history_ == nullptr ? nullptr : history_->find(selector.history);
  if (track == nullptr) return {{}, false};
  promql::RangeVector result;
  const std::int64_t valid_for = validity(*track);
  result.complete = known(selector.selector.metric) && half_filled(track->looks, start, end, valid_for);
  for (const History::Series& series : track->series) {
    const auto points = window_of(series.samples, start, end, workspace);
    if (points.empty()) continue;
    result.series.push_back({series.labels, points, half_filled(series.samples, start, end, valid_for)});
  }
  return result;
}

Vector HistorySamples::instant(const promql::VectorSelector& selector, std::int64_t now, Read read,
                               promql::Workspace&) const {
  const std::string key = selector.history.empty() ? promql::history_key(selector, milliseconds(0)) : selector.history;
  const History::Track* const track = history_.find(key);
  if (track == nullptr) return {};
  return last_samples(*track, now - selector.offset.count(), promql::lookback.count(), read);
}

promql::RangeVector HistorySamples::range(const promql::VectorSelector& selector, std::int64_t start, std::int64_t end,
                                          promql::Workspace& workspace) const {
  promql::RangeVector result;
  const History::Track* const track = history_.find(selector.history);
  if (track == nullptr) return result;
  for (const History::Series& series : track->series) {
    const auto points = window_of(series.samples, start, end, workspace);
    if (!points.empty()) result.series.push_back({series.labels, points, true});
  }
  return result;
}

}  // namespace pgvigil
