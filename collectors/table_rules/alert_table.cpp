#include "collectors/table_rules/alert_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgvigil {

namespace {

constexpr milliseconds timeout{5000};

}  // namespace

const std::vector<std::string>& alert_table_sql() {
  static const std::vector<std::string> statements{
      "SELECT pg_advisory_xact_lock(hashtext('pgvigil schema'))",
      // CREATE SCHEMA IF NOT EXISTS asks for the privilege even when the schema is there.
      "DO $$BEGIN IF to_regnamespace('pgvigil') IS NULL THEN CREATE SCHEMA pgvigil; END IF; END$$",
      R"(DO $$BEGIN CREATE TYPE pgvigil.alert_level AS ENUM ('info', 'warning', 'critical');
         EXCEPTION WHEN duplicate_object THEN NULL; END$$)",
      R"(CREATE TABLE IF NOT EXISTS pgvigil.monitoring_alerts (
           id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
           alert_name varchar(100) NOT NULL,
           metric_query text NOT NULL,
           threshold_value numeric NOT NULL,
           comparison_operator varchar(10) NOT NULL CHECK (comparison_operator IN ('>', '<', '=', '>=', '<=')),
           alert_level pgvigil.alert_level NOT NULL,
           notification_channels jsonb DEFAULT '[]',
           is_active boolean DEFAULT true,
           created_at timestamptz DEFAULT now()))",
      "GRANT USAGE ON SCHEMA pgvigil TO pg_monitor", "GRANT SELECT ON pgvigil.monitoring_alerts TO pg_monitor"};
  return statements;
}

void create_alert_table(PgConnection& connection, const std::stop_token& stop) {
  connection.query("BEGIN", timeout, stop);
  try {
    for (const std::string& sql : alert_table_sql()) connection.query(sql, timeout, stop);
    connection.query("COMMIT", timeout, stop);
  } catch (...) {
    if (connection.usable()) connection.query("ROLLBACK", timeout, stop);
    throw;
  }
}

AlertRows read_alert_rows(PgConnection& connection, const std::stop_token& stop) {
  const PgRows rows = connection.query(
      fmt::format("SELECT id, alert_name, metric_query, threshold_value, comparison_operator, alert_level,"
                  " coalesce(notification_channels, '[]') FROM pgvigil.monitoring_alerts WHERE is_active"
                  " ORDER BY created_at, id LIMIT {}",
                  max_alert_rows + 1),
      timeout, stop);
  const auto found = static_cast<std::size_t>(rows.rows());
  AlertRows result;
  result.left_out = found - std::min(found, max_alert_rows);
  for (int row = 0; row < static_cast<int>(found - result.left_out); ++row) {
    result.rows.push_back({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3),
                           rows.text(row, 4), rows.text(row, 5), rows.text(row, 6)});
  }
  return result;
}

}  // namespace pgvigil
