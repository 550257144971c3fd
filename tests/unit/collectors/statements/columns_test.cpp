#include "collectors/statements/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pgvigil {
namespace {

using testing::HasSubstr;
using testing::Not;
using C = StatementCounter;

bool counts(const StatementsQuery& query, C counter) {
  return std::find(query.counters.begin(), query.counters.end(), counter) != query.counters.end();
}

TEST(StatementColumns, StandInTheOrderOfTheirCounters) {
  ASSERT_EQ(statement_columns().size(), statement_counters);
  for (std::size_t i = 0; i < statement_counters; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(statement_columns()[i].counter), i);
  }
}

TEST(StatementColumns, AreNamedAsTheirUnitsSay) {
  for (const StatementColumn& column : statement_columns()) {
    const std::string_view metric = column.metric;
    EXPECT_TRUE(metric.starts_with("pg_stat_statements_") && metric.ends_with("_total")) << metric;
    EXPECT_EQ(metric.ends_with("_seconds_total"), column.scale != 1) << metric;
    EXPECT_TRUE(std::string_view(column.help).ends_with(".")) << metric;
  }
}

TEST(StatementsQuery, AsksForWhatTheExtensionHasAndNoMore) {
  const auto v8 = statements_query({"1.8", "public"});
  EXPECT_THAT(v8.sql, Not(HasSubstr("toplevel")));
  EXPECT_THAT(v8.sql, HasSubstr(" blk_read_time"));
  EXPECT_FALSE(counts(v8, C::jit_seconds));
  const auto v10 = statements_query({"1.10", "public"});
  EXPECT_THAT(v10.sql, HasSubstr("toplevel"));
  EXPECT_TRUE(counts(v10, C::jit_seconds));
  EXPECT_THAT(v10.sql, Not(HasSubstr("stats_since")));
  const auto v11 = statements_query({"1.11", "public"});
  EXPECT_THAT(v11.sql, HasSubstr("shared_blk_read_time + local_blk_read_time"));
  EXPECT_THAT(v11.sql, HasSubstr("stats_since"));
  EXPECT_FALSE(counts(v11, C::wal_buffers_full));
  EXPECT_TRUE(counts(statements_query({"1.12", "public"}), C::wal_buffers_full));
}

TEST(StatementsQuery, ReadsNoTextsAndFromTheExtensionsSchema) {
  EXPECT_THAT(statements_query({"1.12", "\"my schema\""}).sql, HasSubstr("\"my schema\".pg_stat_statements(false)"));
  EXPECT_THAT(statements_moment_query({"1.9", "public"}), HasSubstr("public.pg_stat_statements_info"));
  EXPECT_THAT(statements_moment_query({"1.8", "public"}), Not(HasSubstr("info")));
}

TEST(StatementsQuery, OfALaterExtensionIsThatOfTheNewestKnown) {
  EXPECT_EQ(statements_query({"1.13", "public"}).sql, statements_query({"1.12", "public"}).sql);
}

}  // namespace
}  // namespace pgvigil
