#include "collectors/coded_collectors.h"

#include "collectors/bloat/bloat_reader.h"
#include "collectors/headroom/headroom_task.h"
#include "collectors/probe.h"
#include "collectors/session_task.h"
#include "collectors/settings_reader.h"
#include "collectors/statements/report.h"
#include "collectors/statements/statements_task.h"
#include "collectors/waits/wait_sampler.h"

namespace pgvigil {

namespace {

CodeAccount about_settings() {
  return {"Every setting of the server that is a number or a switch.",
          "pg_settings",
          "nothing; settings that only superusers see need pg_read_all_settings (in pg_monitor)",
          {"pg_settings_"}};
}

CodeAccount about_statements() {
  return {"What statements cost, counted by the agent so that resets and evictions lose nothing.",
          "pg_stat_statements without its texts; a text once, when a statement is new",
          "the extension pg_stat_statements 1.8 or later in the connected database, and pg_read_all_stats (in "
          "pg_monitor) for other roles' statements",
          statement_family_names()};
}

CodeAccount about_waits() {
  return {"What sessions wait for, sampled.",
          "pg_stat_get_activity()",
          "pg_read_all_stats (in pg_monitor)",
          {"pg_wait_seconds_total", "pg_background_wait_seconds_total", "pg_wait_sampled_seconds_total",
           "pg_wait_samples_total"}};
}

CodeAccount about_headroom() {
  return {"How long until transaction IDs, multixact IDs and slots' WAL are used up at the rate of lately.",
          "pg_database, pg_replication_slots and the position in the WAL",
          "time: a rate is known after one minute (WAL) or five (IDs) of watching",
          {"pg_replication_slot_headroom_seconds", "pg_wraparound_estimated_seconds",
           "pg_multixact_wraparound_estimated_seconds"}};
}

CodeAccount about_disk_space() {
  return {"Free space where the server keeps its data and its WAL, and the host's processors.",
          "the host's file systems; the server says where it keeps what",
          "the server on the agent's host, or the section disk_space; and pg_read_all_settings (in pg_monitor) to be "
          "told the data directory",
          {"pg_disk_", "pg_host_processors"}};
}

CodeAccount about_bloat() {
  return {"Bloat of tables, their TOAST and their indexes, estimated and, for a few, measured.",
          "pg_class, pg_index and pg_stats in every database; pgstattuple's functions for what is measured",
          "SELECT on the tables for their column statistics (pg_read_all_data from 14 on); to measure, the extension "
          "pgstattuple and pg_stat_scan_tables (in pg_monitor)",
          {"pg_table_bloat_", "pg_toast_bloat_", "pg_index_bloat_", "pg_bloat_", "pg_index_growth_ratio"}};
}

}  // namespace

const CodeAccount& about_probe() {
  static const CodeAccount account{
      "Whether the server accepts a login and answers; its role, its clock and the lag of its replay.",
      "version(), pg_postmaster_start_time(), pg_is_in_recovery(), on a standby pg_stat_wal_receiver",
      "to be allowed to log in",
      {Probe::family_names.begin(), Probe::family_names.end()}};
  return account;
}

const std::vector<CodedCollector>& coded_collectors() {
  static const std::vector<CodedCollector> table{
      {SettingsReader::name, SettingsReader::default_interval, about_settings(),
       [](const CodedSetup& setup) -> TaskPtr {
         return std::make_unique<SessionTask>(std::make_unique<SettingsReader>(setup.interval));
       }},
      {"statements", StatementsTask::default_interval, about_statements(),
       [](const CodedSetup& setup) -> TaskPtr {
         return std::make_unique<StatementsTask>(setup.options.statements, setup.interval);
       }},
      {"wait_sampler", WaitSampler::default_interval, about_waits(),
       [](const CodedSetup& setup) -> TaskPtr { return std::make_unique<WaitSampler>(setup.interval); }},
      {"headroom", HeadroomTask::default_interval, about_headroom(),
       [](const CodedSetup& setup) -> TaskPtr { return std::make_unique<HeadroomTask>(setup.interval); }},
      {"disk_space", DiskSpaceTask::default_interval, about_disk_space(),
       [](const CodedSetup& setup) -> TaskPtr {
         return std::make_unique<DiskSpaceTask>(setup.options.disk_space, setup.interval);
       }},
      {"bloat", BloatReader::default_interval, about_bloat(), nullptr, [](const CodedSetup& setup) -> ReaderPtr {
         return std::make_unique<BloatReader>(setup.options.bloat, setup.store, setup.clock, setup.interval,
                                              setup.max_series);
       }}};
  return table;
}

}  // namespace pgvigil
