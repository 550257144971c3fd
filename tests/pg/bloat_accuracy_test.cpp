// What is served about bloat, against what reading the relations in full finds, and against a rewrite.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "collectors/bloat/bloat.h"
#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr double tolerance = 0.1;
constexpr milliseconds patience{20000};

const std::set<std::string> tables{"narrow", "wide", "lowcard", "named", "dropped", "uuids"};
const std::set<std::string> plain_indexes{"narrow_pkey", "wide_pkey",  "lowcard_pkey", "lowcard_email",
                                          "lowcard_two", "uuids_pkey", "named_pkey"};
const std::set<std::string> odd_indexes{"lowcard_status", "lowcard_partial", "lowcard_expression", "named_name"};

std::set<std::string> united(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> all = a;
  all.insert(b.begin(), b.end());
  return all;
}

// What one visit served, by relation (tables and indexes), and as counts by "kind reason".
struct Served {
  std::map<std::string, double> ratios;
  std::map<std::string, std::string> methods;
  std::map<std::string, double> growth;
  std::map<std::string, double> suppressed;
  std::map<std::string, double> pending;

  std::set<std::string> relations() const {
    std::set<std::string> names;
    for (const auto& [name, ratio] : ratios) names.insert(name);
    return names;
  }
};

Served served(const std::vector<Family>& families) {
  Served result;
  for (const Family& family : families) {
    for (const SeriesView& sample : family.samples) {
      const auto& labels = sample.label_values;
      if (family.name == "pg_table_bloat_ratio") result.ratios[labels[2]] = sample.value;
      if (family.name == "pg_toast_bloat_ratio") result.ratios["toast of " + labels[2]] = sample.value;
      if (family.name == "pg_index_bloat_ratio") result.ratios[labels[3]] = sample.value;
      if (family.name == "pg_index_growth_ratio") result.growth[labels[3]] = sample.value;
      if (family.name == "pg_table_bloat_info") result.methods[labels[2]] = labels[3];
      if (family.name == "pg_index_bloat_info") result.methods[labels[3]] = labels[4];
      if (family.name == "pg_bloat_suppressed") result.suppressed[labels[1] + ' ' + labels[2]] = sample.value;
      if (family.name == "pg_bloat_confirmations_pending") result.pending[labels[1]] = sample.value;
    }
  }
  return result;
}

// A server with two databases to copy: `loaded` has tables and indexes of every kind as they are after loading them,
// `bloated` as they are when much was deleted or updated and vacuumed. pgstattuple is in a schema of its own, into
// which the tests let the agent look or not.
class BloatLab {
 public:
  explicit BloatLab(int major) : cluster(major, {{"autovacuum", "off"}, {"max_wal_size", "4GB"}}) {
    create_monitoring_role(cluster, "monitor");
    create_monitoring_role(cluster, "reader");
    if (major >= 14) cluster.execute("GRANT pg_read_all_data TO reader");
    cluster.execute("CREATE DATABASE loaded");
    run("loaded", load);
    cluster.execute("CREATE DATABASE bloated TEMPLATE loaded");
    make_bloat("bloated");
  }

  void make_bloat(const std::string& database) const { run(database, bloat); }

  PgCluster cluster;

 private:
  void run(const std::string& database, const std::vector<std::string>& statements) const {
    PgConnection session = cluster.connect(database);
    for (const std::string& statement : statements) session.query(statement, milliseconds(60000));
    session.query("VACUUM ANALYZE", milliseconds(60000));
  }

  static const std::vector<std::string> load;
  static const std::vector<std::string> bloat;
};

const std::vector<std::string> BloatLab::load{
    "CREATE SCHEMA full_read",
    "CREATE EXTENSION pgstattuple SCHEMA full_read",
    "CREATE TABLE narrow (id int PRIMARY KEY, v bigint) WITH (autovacuum_enabled = off)",
    "CREATE TABLE wide (id bigint PRIMARY KEY, a text, b timestamptz, c int, d jsonb, e numeric, f bool, g text)"
    " WITH (autovacuum_enabled = off)",
    "CREATE TABLE lowcard (id int PRIMARY KEY, status text, v int, email text) WITH (autovacuum_enabled = off)",
    "CREATE INDEX lowcard_status ON lowcard (status)",
    "CREATE INDEX lowcard_partial ON lowcard (v) WHERE v % 4 <> 0",
    "CREATE INDEX lowcard_expression ON lowcard (lower(email))",
    "CREATE INDEX lowcard_email ON lowcard (email)",
    "CREATE INDEX lowcard_two ON lowcard (status, id)",
    "CREATE TABLE named (id int PRIMARY KEY, n name) WITH (autovacuum_enabled = off)",
    "CREATE INDEX named_name ON named (n)",
    "CREATE TABLE dropped (id int, a text, b text) WITH (autovacuum_enabled = off)",
    "CREATE TABLE uuids (id uuid PRIMARY KEY, x int) WITH (autovacuum_enabled = off)",
    "CREATE TABLE documents (id int, body text) WITH (autovacuum_enabled = off)",
    "INSERT INTO narrow SELECT g, g FROM generate_series(1, 150000) g",
    "INSERT INTO wide SELECT g, repeat('x', 20 + g % 50), now(), g, jsonb_build_object('a', g, 'b', md5(g::text)),"
    " g * 1.5, g % 2 = 0, CASE WHEN g % 3 = 0 THEN md5(g::text) END FROM generate_series(1, 80000) g",
    "INSERT INTO lowcard SELECT g, 'state ' || g % 6, g, 'User' || g || '@example.com'"
    " FROM generate_series(1, 200000) g",
    "INSERT INTO named SELECT g, 'n' || g FROM generate_series(1, 80000) g",
    "INSERT INTO dropped SELECT g, repeat('a', 100), md5(g::text) FROM generate_series(1, 30000) g",
    "INSERT INTO uuids SELECT md5(g::text)::uuid, g FROM generate_series(1, 100000) g",
    "INSERT INTO documents SELECT g, (SELECT string_agg(md5((g * i)::text), '') FROM generate_series(1, 150) i)"
    " FROM generate_series(1, 1500) g",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"};

const std::vector<std::string> BloatLab::bloat{"DELETE FROM narrow WHERE id % 3 <> 0",
                                               "UPDATE wide SET c = c + 1 WHERE id % 2 = 0",
                                               "DELETE FROM lowcard WHERE id % 5 < 2",
                                               "DELETE FROM named WHERE id % 2 = 0",
                                               "DELETE FROM documents WHERE id % 2 = 0",
                                               "ALTER TABLE dropped DROP COLUMN a",
                                               "DELETE FROM dropped WHERE id BETWEEN 1 AND 20000"};

class BloatAccuracy : public testing::TestWithParam<int> {
 protected:
  BloatAccuracy() {
    options_.floor_bytes = 1 << 20;
    options_.confirmations_a_visit = 50;
  }

  static void TearDownTestSuite() { labs().clear(); }

  // The test's own copy of one of the two databases.
  static void use(const std::string& original) {
    cluster().execute("DROP DATABASE IF EXISTS watched WITH (FORCE)");
    cluster().execute("CREATE DATABASE watched TEMPLATE " + original);
  }

  static BloatLab& lab() {
    auto& lab = labs()[GetParam()];
    if (!lab) lab = std::make_unique<BloatLab>(GetParam());
    return *lab;
  }
  static PgCluster& cluster() { return lab().cluster; }

  static PgRows execute(const std::string& statement) { return cluster().execute(statement, "watched"); }

  static void let_read_relations() { execute("GRANT USAGE ON SCHEMA full_read TO pg_monitor"); }

  Served visit(const std::string& role) {
    PgOptions options;
    options.conninfo = cluster().conninfo("watched", role);
    PgConnection connection = PgConnection::open(options);
    ServerFacts facts;
    facts.version = connection.server_version();
    facts.database = "watched";
    return served(bloat_of(connection, facts, memory_, now_, options_));
  }

  // What is free or dead in a table, and what is free in an index beyond what its fillfactor leaves free, according to
  // a full read.
  static double truth(const std::string& relation) {
    const bool toast = relation.starts_with("toast of ");
    const std::string oid =
        toast ? fmt::format("(SELECT reltoastrelid FROM pg_class WHERE oid = '{}'::regclass)", relation.substr(9))
              : fmt::format("'{}'::regclass::oid", relation);
    const bool index = execute(fmt::format("SELECT relkind FROM pg_class WHERE oid = {}", oid)).text(0, 0) == "i";
    const std::string query =
        index ? "SELECT 1 - leaf_pages * avg_leaf_density / 90 * 8192 / index_size FROM "
                "full_read.pgstatindex({}::regclass)"
              : "SELECT (free_percent + dead_tuple_percent) / 100 FROM full_read.pgstattuple({}::regclass)";
    return std::stod(execute(fmt::format(fmt::runtime(query), oid)).text(0, 0));
  }

  static double size(const std::string& relation) {
    return std::stod(execute(fmt::format("SELECT pg_relation_size('{}')", relation)).text(0, 0));
  }

  static void expect_true(const Served& found) {
    for (const auto& [relation, ratio] : found.ratios) {
      EXPECT_NEAR(ratio, truth(relation), tolerance)
          << relation << " by " << (found.methods.contains(relation) ? found.methods.at(relation) : "");
    }
  }

  // What a rewrite really gives back of what is served.
  static void expect_given_back(const Served& found) {
    std::map<std::string, double> before;
    for (const auto& [relation, ratio] : found.ratios) before[relation] = size(relation);
    execute("VACUUM FULL");  // and makes all indexes anew
    for (const auto& [relation, ratio] : found.ratios) {
      EXPECT_NEAR(ratio, 1 - size(relation) / before[relation], tolerance) << relation;
    }
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  BloatMemory memory_{store_};
  BloatOptions options_;
  WallTime now_ = SystemClock().wall_now();

 private:
  static std::map<int, std::unique_ptr<BloatLab>>& labs() {
    static std::map<int, std::unique_ptr<BloatLab>> labs;
    return labs;
  }
};

TEST_P(BloatAccuracy, WithNothingButPgMonitorNothingIsSaidAndAllIsCounted) {
  use("bloated");
  const Served found = visit("monitor");
  EXPECT_THAT(found.ratios, testing::IsEmpty());
  EXPECT_EQ(found.suppressed.at("table no_rights"), tables.size());
  EXPECT_EQ(found.suppressed.at("table too_small"), 1) << "documents, whose bodies are in its TOAST";
  EXPECT_EQ(found.suppressed.at("toast toast"), 1);
  EXPECT_EQ(found.suppressed.at("index expression"), 1);
  EXPECT_EQ(found.suppressed.at("index partial"), 1);
  EXPECT_EQ(found.suppressed.at("index no_rights"), plain_indexes.size() + 2);
}

TEST_P(BloatAccuracy, EstimatesFromStatisticsAreTrueOrNotServed) {
  use("bloated");
  options_.read_bytes_an_hour = 0;
  const Served found = visit("reader");
  EXPECT_EQ(found.relations(), united({"narrow", "wide", "lowcard", "uuids"}, plain_indexes));
  expect_true(found);
  EXPECT_EQ(found.suppressed.at("table name_type"), 1);
  EXPECT_EQ(found.suppressed.at("table changed_columns"), 1);
  EXPECT_EQ(found.suppressed.at("index deduplicated"), 1);
  EXPECT_EQ(found.suppressed.at("index name_type"), 1);
  EXPECT_EQ(found.suppressed.at("index expression"), 1);
  EXPECT_EQ(found.suppressed.at("index partial"), 1);
  expect_given_back(found);
}

TEST_P(BloatAccuracy, OfWhatWasJustLoadedIsNone) {
  use("loaded");
  options_.read_bytes_an_hour = 0;
  const Served found = visit("reader");
  EXPECT_EQ(found.relations(), united({"narrow", "wide", "lowcard", "dropped", "uuids"}, plain_indexes));
  expect_true(found);
}

TEST_P(BloatAccuracy, PgMonitorAndTheExtensionAreEnoughForAllOfThem) {
  use("bloated");
  let_read_relations();
  const Served found = visit("monitor");
  const std::set<std::string> all = united(tables, united(plain_indexes, odd_indexes));
  EXPECT_EQ(found.relations(), GetParam() < 14 ? all : united({"toast of documents"}, all));
  expect_true(found);
  EXPECT_EQ(found.methods.at("narrow"), "pgstattuple_approx");
  EXPECT_EQ(found.methods.at("lowcard_status"), "pgstatindex");
}

TEST_P(BloatAccuracy, AnIndexThatWasRebuiltIsComparedWithItsBestWhateverItsKind) {
  use("loaded");
  EXPECT_THAT(visit("monitor").ratios, testing::IsEmpty());
  execute("REINDEX TABLE lowcard");
  execute("REINDEX INDEX CONCURRENTLY narrow_pkey");
  now_ += std::chrono::hours(1);
  EXPECT_NEAR(visit("monitor").ratios.at("lowcard_status"), 0, 0.01);
  lab().make_bloat("watched");
  now_ += std::chrono::hours(1);
  const Served found = visit("monitor");
  EXPECT_EQ(found.relations(), (std::set<std::string>{"lowcard_status", "lowcard_partial", "lowcard_expression",
                                                      "lowcard_pkey", "lowcard_email", "lowcard_two", "narrow_pkey"}));
  EXPECT_EQ(found.methods.at("lowcard_status"), "baseline");
  EXPECT_GT(found.growth.at("wide_pkey"), 0.99) << "its best is not known, only what was seen";
  expect_true(found);
  expect_given_back(found);
}

TEST_P(BloatAccuracy, AReadingIsServedUntilTheRelationChanges) {
  use("bloated");
  let_read_relations();
  ASSERT_EQ(visit("monitor").methods.at("narrow"), "pgstattuple_approx");
  options_.read_bytes_an_hour = 1;  // nothing is read from now on
  EXPECT_TRUE(visit("monitor").ratios.contains("narrow"));
  execute("INSERT INTO narrow SELECT g, g FROM generate_series(200000, 280000) g");
  execute("VACUUM ANALYZE narrow");
  const Served later = visit("monitor");
  EXPECT_FALSE(later.ratios.contains("narrow"));
  EXPECT_EQ(later.suppressed.at("table no_rights"), 1);
  EXPECT_TRUE(later.ratios.contains("wide"));
  EXPECT_EQ(later.methods.at("narrow_pkey"), "baseline") << "what was read of it still tells what is its best";
  EXPECT_EQ(later.pending.at("budget"), 2) << "narrow and its key";
  expect_true(later);
  now_ += std::chrono::hours(24 * 8);
  EXPECT_FALSE(visit("monitor").ratios.contains("wide"));
}

TEST_P(BloatAccuracy, NoMoreIsReadInAnHourThanMayBe) {
  use("bloated");
  let_read_relations();
  options_.read_bytes_an_hour = 8 << 20;
  const auto read = [&] { return memory_.bytes_read_since(now_ - std::chrono::hours(1)); };
  const Served first = visit("monitor");
  EXPECT_GT(first.pending.at("budget"), 0);
  EXPECT_GT(read(), 0);
  EXPECT_LE(read(), options_.read_bytes_an_hour);
  const Served again = visit("monitor");
  EXPECT_LE(read(), options_.read_bytes_an_hour);
  for (int hour = 0; hour < 5; ++hour) {
    now_ += std::chrono::minutes(61);
    visit("monitor");
    EXPECT_LE(read(), options_.read_bytes_an_hour);
  }
  EXPECT_GT(visit("monitor").ratios.size(), first.ratios.size());
}

TEST_P(BloatAccuracy, WhatSomebodyHoldsOrAwaitsIsNotRead) {
  use("bloated");
  let_read_relations();
  PgConnection owner = cluster().connect("watched");
  owner.query("BEGIN");
  owner.query("LOCK TABLE wide IN ACCESS EXCLUSIVE MODE");
  PgConnection reader = cluster().connect("watched");
  reader.query("BEGIN");
  reader.query("SELECT 1 FROM narrow LIMIT 1");
  std::jthread alter([&] { execute("ALTER TABLE narrow ADD COLUMN more int"); });
  ASSERT_TRUE(eventually(patience,
                         [&] { return execute("SELECT count(*) FROM pg_locks WHERE NOT granted").text(0, 0) == "1"; }));
  const Served found = visit("monitor");
  reader.query("COMMIT");
  EXPECT_EQ(found.pending.at("locked"), 4) << "two tables and their keys";
  for (const char* relation : {"wide", "wide_pkey", "narrow", "narrow_pkey"})
    EXPECT_FALSE(found.ratios.contains(relation)) << relation;
  EXPECT_TRUE(found.ratios.contains("lowcard"));
}

INSTANTIATE_TEST_SUITE_P(Versions, BloatAccuracy, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
