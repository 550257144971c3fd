#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "core/pg_connection.h"

// The table pgvigil.monitoring_alerts, in which people keep alert rules as rows.
namespace pgvigil {

// The statements that make it, each to be run by itself, for a role that may create the schema; what is there already
// stays as it is. Members of pg_monitor may read it; who may write to it may have the agent run any query that reads.
const std::vector<std::string>& alert_table_sql();

// Runs them in one transaction. Throws Error as PgConnection::query does.
void create_alert_table(PgConnection& connection, const std::stop_token& stop);

// A row, as it stands in the table.
struct AlertRow {
  std::string id;
  std::string name;
  std::string query;
  std::string threshold;
  std::string comparison;
  std::string level;
  std::string channels;  // JSON
  bool operator==(const AlertRow&) const = default;
};

struct AlertRows {
  std::vector<AlertRow> rows;
  std::size_t left_out = 0;  // beyond max_alert_rows
};

constexpr std::size_t max_alert_rows = 500;

// The active rows, oldest first. Throws Error as PgConnection::query does: with SQLSTATE 42P01 or 3F000 when there is
// no such table.
AlertRows read_alert_rows(PgConnection& connection, const std::stop_token& stop);

}  // namespace pgvigil
