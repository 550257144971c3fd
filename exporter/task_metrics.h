#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/sample.h"
#include "exporter/task_board.h"

namespace pgvigil {

// What every task did, as families of the agent's own metrics: pgvigil_task_*, pgvigil_db_busy_seconds_total and, with
// `compat`, postgres_exporter's pg_scrape_collector_* and pg_exporter_last_scrape_error.
std::vector<Family> task_families(const std::map<std::string, TaskBoard::Line>& lines, bool compat);

}  // namespace pgvigil
