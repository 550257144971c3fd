// What is counted or read per database besides the tables themselves: indexes, sequences, autovacuum's backlog, sizes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{20000};

class HygieneCatalog : public testing::TestWithParam<int> {
 protected:
  HygieneCatalog() { create_monitoring_role(cluster_); }

  std::optional<double> indexes(const std::string& what) {
    return reader_.value("index_hygiene", "pg_indexes_" + what);
  }
  std::optional<double> backlog(const std::string& what) {
    return reader_.value("autovacuum_backlog", "pg_autovacuum_backlog_" + what);
  }
  std::optional<double> used(const std::string& sequence) {
    return reader_.value("sequences", "pg_sequence_used_ratio", {{"sequencename", sequence}});
  }

  PgCluster cluster_{GetParam(), {{"autovacuum_naptime", "1h"}}};
  CatalogReader reader_{cluster_};
};

TEST_P(HygieneCatalog, IndexesThatNobodyUsesAreCountedUnlessAConstraintNeedsThem) {
  cluster_.execute("CREATE TABLE public.orders (id int PRIMARY KEY, note text, UNIQUE (note))");
  cluster_.execute("CREATE INDEX used ON public.orders (note, id)");
  cluster_.execute("CREATE INDEX never ON public.orders (id, note)");
  cluster_.execute("INSERT INTO public.orders SELECT g, g FROM generate_series(1, 1000) g");
  EXPECT_EQ(indexes("all"), 4);
  EXPECT_EQ(indexes("unused"), 2);
  cluster_.execute("ALTER TABLE public.orders DROP CONSTRAINT orders_note_key");
  cluster_.execute("VACUUM ANALYZE public.orders");
  {
    // Before 15 a session may keep its counts to itself until it ends.
    PgConnection session = cluster_.connect();
    session.query("SET enable_seqscan = off");
    session.query("SELECT count(*) FROM public.orders WHERE note = '3'");
  }
  EXPECT_TRUE(eventually(patience, [&] { return indexes("unused") == 1; }));
  EXPECT_GT(*indexes("unused_bytes"), 0);
}

TEST_P(HygieneCatalog, IndexesThatSayTheSameAreDuplicates) {
  cluster_.execute("CREATE TABLE public.orders (id int PRIMARY KEY, a int, b text)");
  cluster_.execute("CREATE INDEX one ON public.orders (a, b)");
  EXPECT_EQ(indexes("duplicate"), 0);
  for (const char* other : {"(b, a)", "(a, b DESC)", "(a) INCLUDE (b)", "(a, b text_pattern_ops)", "(a, b) WHERE a > 3",
                            "(a, lower(b))", "(a, b COLLATE \"C\")"}) {
    cluster_.execute(std::string("CREATE INDEX ON public.orders ") + other);
  }
  EXPECT_EQ(indexes("duplicate"), 0);
  for (const char* same : {"(a, b)", "(a,  lower(b))", "(a, b)   WHERE a > 3", "(id)"}) {
    cluster_.execute(std::string("CREATE INDEX ON public.orders ") + same);
  }
  EXPECT_EQ(indexes("duplicate"), 4);
}

TEST_P(HygieneCatalog, AnIndexThatFailedToBuildIsInvalid) {
  cluster_.execute("CREATE TABLE public.orders (id int)");
  cluster_.execute("INSERT INTO public.orders VALUES (1), (1)");
  EXPECT_THROW(cluster_.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON public.orders (id)"), Error);
  EXPECT_EQ(indexes("invalid"), 1);
}

TEST_P(HygieneCatalog, ASequenceEndsWhereItsColumnDoes) {
  cluster_.execute("CREATE TABLE public.small (id serial, other smallint)");
  cluster_.execute("CREATE SEQUENCE public.wide");
  cluster_.execute("ALTER TABLE public.small ALTER other SET DEFAULT nextval('public.wide')");
  cluster_.execute("SELECT setval('public.small_id_seq', 1073741824)");
  cluster_.execute("SELECT setval('public.wide', 8192)");
  cluster_.execute("CREATE SEQUENCE public.down INCREMENT -1 MINVALUE -100 MAXVALUE 100 START 100");
  cluster_.execute("SELECT setval('public.down', 0)");
  cluster_.execute("CREATE SEQUENCE public.round MAXVALUE 10 CYCLE");
  EXPECT_EQ(used("wide"), std::nullopt) << "pg_monitor may not read it";
  EXPECT_EQ(reader_.value("sequences_unread", "pg_sequences_unread"), 4);
  cluster_.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO pgvigil");
  EXPECT_NEAR(*used("small_id_seq"), 0.5, 0.001);
  EXPECT_NEAR(*used("wide"), 0.25, 0.001) << "a bigint sequence of a smallint column";
  EXPECT_NEAR(*used("down"), 0.5, 0.001);
  EXPECT_EQ(used("round"), std::nullopt) << "it starts over";
  EXPECT_EQ(reader_.value("sequences_unread", "pg_sequences_unread"), 0);
}

TEST_P(HygieneCatalog, ASequenceThatSomebodyLocksIsNotWaitedFor) {
  cluster_.execute("CREATE SEQUENCE public.locked");
  cluster_.execute("CREATE SEQUENCE public.free");
  cluster_.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO pgvigil");
  PgConnection owner = cluster_.connect();
  owner.query("BEGIN");
  owner.query("ALTER SEQUENCE public.locked MAXVALUE 1000");
  EXPECT_EQ(used("locked"), std::nullopt);
  EXPECT_TRUE(used("free").has_value());
}

TEST_P(HygieneCatalog, TheBacklogFollowsTheServersAndTheTablesSettings) {
  const auto count = [&](const char* what) { return *backlog(what); };
  const double before = count("vacuum_tables");
  cluster_.execute("CREATE TABLE public.plain (id int)");
  cluster_.execute("CREATE TABLE public.patient (id int) WITH (autovacuum_vacuum_threshold = 5000)");
  cluster_.execute("CREATE TABLE public.never (id int) WITH (autovacuum_enabled = off)");
  for (const char* name : {"plain", "patient", "never"}) {
    cluster_.execute(fmt::format("INSERT INTO public.{} SELECT generate_series(1, 1000)", name));
    cluster_.execute(fmt::format("VACUUM ANALYZE public.{}", name));
  }
  EXPECT_TRUE(eventually(patience, [&] { return count("never_vacuumed_tables") == 0; }));
  for (const char* name : {"plain", "patient", "never"}) {
    cluster_.execute(fmt::format("DELETE FROM public.{} WHERE id <= 500", name));
  }
  // 50 + 0.2 * 1000 dead rows are allowed.
  EXPECT_TRUE(eventually(patience, [&] { return count("vacuum_tables") == before + 1; }));
  EXPECT_GE(count("max_score"), 500 / 150.0 - 0.01) << "changes since ANALYZE: 50 + 0.1 * 1000 are allowed";
  EXPECT_EQ(count("freeze_tables"), 0);
  cluster_.execute("VACUUM ANALYZE public.plain");
  EXPECT_TRUE(eventually(patience, [&] { return count("vacuum_tables") == before; }));
}

TEST_P(HygieneCatalog, ExactSizesAreReadButForWhatIsLocked) {
  cluster_.execute("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
  cluster_.execute("INSERT INTO public.orders SELECT g, g FROM generate_series(1, 10000) g");
  cluster_.execute("CREATE TABLE public.held (id int PRIMARY KEY)");
  cluster_.execute("CREATE TABLE public.awaited (id int)");
  const auto value = [&](const std::string& metric, const char* name) {
    return reader_.value("table_exact_size", "pg_table_exact_" + metric, {{"relname", name}});
  };
  PgConnection owner = cluster_.connect();
  owner.query("BEGIN");
  owner.query("ALTER INDEX public.held_pkey SET (fillfactor = 80)");
  owner.query("LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE");
  PgConnection reader = cluster_.connect();
  reader.query("BEGIN");
  reader.query("SELECT FROM public.awaited");
  std::jthread alter([&] { cluster_.execute("ALTER TABLE public.awaited ADD COLUMN more int"); });
  ASSERT_TRUE(eventually(
      patience, [&] { return cluster_.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").text(0, 0) == "1"; }));
  const auto exact = cluster_.execute("SELECT pg_table_size('public.orders'), pg_indexes_size('public.orders')");
  EXPECT_EQ(value("size_bytes", "orders"), std::stod(exact.text(0, 0)));
  EXPECT_EQ(value("indexes_size_bytes", "orders"), std::stod(exact.text(0, 1)));
  EXPECT_EQ(value("size_skipped", "orders"), 0);
  for (const char* name : {"held", "awaited"}) {
    EXPECT_EQ(value("size_bytes", name), std::nullopt) << name;
    EXPECT_EQ(value("size_skipped", name), 1) << name;
  }
  reader.query("COMMIT");
}

TEST_P(HygieneCatalog, AnExtensionBehindItsFilesIsSeen) {
  cluster_.execute("CREATE EXTENSION pg_stat_statements VERSION '1.6'");
  const auto outdated = [&] {
    return reader_.value("extensions", "pg_extension_update_available", {{"extname", "pg_stat_statements"}});
  };
  EXPECT_EQ(outdated(), 1);
  cluster_.execute("ALTER EXTENSION pg_stat_statements UPDATE");
  EXPECT_EQ(outdated(), 0);
}

TEST_P(HygieneCatalog, ACollationWhoseVersionChangedIsSeenWhereAnIndexUsesIt) {
  if (cluster_.execute("SELECT FROM pg_collation WHERE collprovider = 'i'").rows() == 0) GTEST_SKIP() << "no ICU here";
  cluster_.execute("CREATE COLLATION public.local (provider = icu, locale = 'de-DE')");
  cluster_.execute("UPDATE pg_collation SET collversion = '0.1' WHERE collname = 'local'");
  const auto mismatches = [&] { return reader_.value("collations", "pg_collation_mismatched_indexes"); };
  EXPECT_EQ(mismatches(), 0);
  cluster_.execute("CREATE TABLE public.names (name text COLLATE public.local)");
  cluster_.execute("CREATE INDEX ON public.names (name)");
  EXPECT_EQ(mismatches(), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, HygieneCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
