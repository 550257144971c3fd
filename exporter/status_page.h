#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert_store.h"
#include "core/clock.h"
#include "core/snapshot.h"
#include "exporter/task_board.h"

namespace pgvigil {

// What the plain page at / shows, gathered by the composition root.
struct StatusView {
  std::vector<SnapshotPtr> snapshots;
  std::vector<AlertView> alerts;
  std::map<std::string, TaskBoard::Line> tasks;
  SteadyTime now;
  WallTime wall_now;
};

// HTML without scripts. All text that comes from a server is escaped.
std::string status_page(const StatusView& view);

// The value of a series without labels among current data, such as pg_up.
std::optional<double> current_value(const std::vector<SnapshotPtr>& snapshots, std::string_view metric, SteadyTime now);

}  // namespace pgvigil
