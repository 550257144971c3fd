#include "collectors/settings_reader.h"

#include "collectors/settings_families.h"

namespace pgvigil {

namespace {

constexpr milliseconds timeout{2000};

// What the agent set for its own session says nothing about the server: there, and for what belongs to the running
// transaction, the value is what a new session would get. The others have no reset_val that is always right
// (in_hot_standby).
constexpr auto query = R"(
SELECT name,
       CASE WHEN name = 'transaction_read_only' AND pg_is_in_recovery() THEN 'on'
            WHEN source = 'session' OR name LIKE 'transaction\_%' THEN reset_val ELSE setting END,
       unit, vartype, short_desc
  FROM pg_settings
 WHERE vartype IN ('bool', 'integer', 'real')
 ORDER BY name)";

}  // namespace

SettingsReader::SettingsReader(milliseconds interval) : info_{name, TaskKind::collector, Interval{interval}, timeout} {}

Reading SettingsReader::read(ConnectionPool::Lease& session, const std::stop_token& stop) {
  const PgRows rows = session.connection().query(query, timeout, stop);
  Reading reading;
  for (int row = 0; row < rows.rows(); ++row) {
    auto family = settings_family(
        {rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3), rows.text(row, 4)});
    if (!family) continue;
    if (reading.families.size() < max_series()) {
      reading.families.push_back(std::move(*family));
    } else {
      ++reading.dropped_series;
    }
  }
  return reading;
}

}  // namespace pgvigil
