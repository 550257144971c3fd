#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "alerts/history.h"
#include "alerts/promql/sample_source.h"
#include "core/snapshot.h"

namespace pgvigil {

// What rules see at one moment: the series of the current snapshots, and the history for windows and offsets. Lives as
// long as one evaluation.
class RuleSamples final : public promql::SampleSource {
 public:
  // One snapshot that reports a metric, and where.
  struct Source {
    const Snapshot* snapshot = nullptr;
    const Family* family = nullptr;
    bool current = false;
  };

  // `history` may be null when no expression has windows or offsets.
  RuleSamples(const std::vector<SnapshotPtr>& snapshots, const History* history, SteadyTime now, std::int64_t axis_now);

  promql::Vector instant(const promql::VectorSelector& selector, std::int64_t now, Read read,
                         promql::Workspace& workspace) const override;
  promql::RangeVector range(const promql::VectorSelector& selector, std::int64_t start, std::int64_t end,
                            promql::Workspace& workspace) const override;

  // Who reports the metric, current or not.
  const std::vector<Source>& sources(const std::string& metric) const;
  // Somebody reports the metric, and all who do are current and were not cut by a limit.
  bool known(const std::string& metric) const;

 private:
  promql::Vector current(const promql::VectorSelector& selector, Read read, promql::Workspace& workspace) const;
  bool has_duplicates(const Family& family, const promql::LabelShape& shape) const;
  std::int64_t axis(const Snapshot& snapshot) const;

  std::unordered_map<std::string_view, std::vector<Source>> by_metric_;
  const History* history_;
  SteadyTime now_;
  std::int64_t axis_now_;
  mutable std::unordered_map<const LabelRows*, bool> duplicates_;  // families of one query share their rows
};

// The history alone, as Prometheus would see it: nothing is unknown, the last sample within five minutes is the value.
// For comparing with Prometheus.
class HistorySamples : public promql::SampleSource {
 public:
  explicit HistorySamples(const History& history) : history_(history) {}

  promql::Vector instant(const promql::VectorSelector& selector, std::int64_t now, Read read,
                         promql::Workspace& workspace) const override;
  promql::RangeVector range(const promql::VectorSelector& selector, std::int64_t start, std::int64_t end,
                            promql::Workspace& workspace) const override;

 private:
  const History& history_;
};

}  // namespace pgvigil
