#include "collectors/settings_families.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

struct Case {
  const char* says;
  ServerSetting setting;
  const char* metric;
  double value;
};

class NumericSetting : public testing::TestWithParam<Case> {};

TEST_P(NumericSetting, HasTheNameAndUnitOfItsKind) {
  const auto family = settings_family(GetParam().setting);
  ASSERT_TRUE(family.has_value()) << GetParam().says;
  EXPECT_EQ(family->name, GetParam().metric) << GetParam().says;
  ASSERT_EQ(family->samples.size(), 1U);
  EXPECT_DOUBLE_EQ((*family->samples.begin()).value, GetParam().value) << GetParam().says;
  EXPECT_EQ(family->help, GetParam().setting.meaning);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, NumericSetting,
    testing::Values(
        Case{"a switch that is on", {"fsync", "on", "", "bool", "Forces."}, "pg_settings_fsync", 1},
        Case{"a switch that is off", {"fsync", "off", "", "bool", "Forces."}, "pg_settings_fsync", 0},
        Case{"a plain number", {"max_connections", "100", "", "integer", "Most."}, "pg_settings_max_connections", 100},
        Case{"a fraction", {"seq_page_cost", "1.5", "", "real", "Cost."}, "pg_settings_seq_page_cost", 1.5},
        Case{
            "milliseconds", {"bgwriter_delay", "200", "ms", "integer", "."}, "pg_settings_bgwriter_delay_seconds", 0.2},
        Case{"seconds", {"archive_timeout", "180", "s", "integer", "."}, "pg_settings_archive_timeout_seconds", 180},
        Case{"minutes", {"log_rotation_age", "2", "min", "integer", "."}, "pg_settings_log_rotation_age_seconds", 120},
        Case{"days", {"x", "2", "d", "integer", "."}, "pg_settings_x_seconds", 172800},
        Case{"bytes",
             {"wal_segment_size", "16777216", "B", "integer", "."},
             "pg_settings_wal_segment_size_bytes",
             16777216},
        Case{"kilobytes", {"work_mem", "4096", "kB", "integer", "."}, "pg_settings_work_mem_bytes", 4194304},
        Case{"pages", {"shared_buffers", "2", "8kB", "integer", "."}, "pg_settings_shared_buffers_bytes", 16384},
        Case{"WAL files", {"min_wal_size", "5", "16MB", "integer", "."}, "pg_settings_min_wal_size_bytes", 83886080},
        Case{"-1 is no size", {"wal_buffers", "-1", "8kB", "integer", "."}, "pg_settings_wal_buffers_bytes", -1},
        Case{"-1 is no time", {"a", "-1", "ms", "integer", "."}, "pg_settings_a_seconds", -1},
        Case{"an extension's",
             {"pg_stat_statements.max", "5000", "", "integer", "."},
             "pg_settings_pg_stat_statements_max",
             5000},
        Case{"a name that no metric may have",
             {"my-app.größe", "1", "", "integer", "."},
             "pg_settings_my_app_gr____e",
             1}));

// Cloud providers and forks show words where PostgreSQL has numbers; other exporters died of it.
TEST(Settings, WhatIsNoNumberIsLeftOut) {
  for (const ServerSetting& setting :
       {ServerSetting{"wal_level", "replica", "", "enum", ""}, ServerSetting{"port", "N/A", "", "integer", ""},
        ServerSetting{"x", "", "", "integer", ""}, ServerSetting{"x", "12abc", "", "real", ""},
        ServerSetting{"x", "nan", "", "real", ""}, ServerSetting{"x", "true", "", "bool", ""},
        ServerSetting{"x", "1", "parsecs", "integer", ""}, ServerSetting{"work_mem", "unset", "kB", "integer", ""}}) {
    EXPECT_FALSE(settings_family(setting).has_value()) << setting.name << ' ' << setting.value;
  }
}

}  // namespace
}  // namespace pgvigil
