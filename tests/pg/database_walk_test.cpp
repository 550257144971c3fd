#include "collectors/database_walk.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collectors/task_runner.h"
#include "core/error.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// Reads the number of tables in schema public; counts its readings.
class TableCount final : public Reader {
 public:
  TableCount(std::string name, milliseconds interval, int& readings)
      : info_{std::move(name), TaskKind::collector, Interval{interval}, seconds(5)}, readings_(readings) {}
  const TaskInfo& info() const override { return info_; }
  std::size_t max_series() const override { return 1000; }
  Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) override {
    ++readings_;
    const PgRows rows = session.connection().query_again(
        "SELECT current_database(), count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace", 2s, stop);
    Family family{info_.name + "_tables", "", MetricType::gauge, {"datname"}, {}};
    family.samples.push_back({{rows.text(0, 0)}, std::stod(rows.text(0, 1))});
    return {{family}, {}, 0};
  }

 private:
  TaskInfo info_;
  int& readings_;
};

// Fails in one database.
class FailsIn final : public Reader {
 public:
  explicit FailsIn(std::string database) : database_(std::move(database)) {}
  const TaskInfo& info() const override { return info_; }
  std::size_t max_series() const override { return 1000; }
  Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) override {
    session.connection().query("SELECT 1 / (current_database() <> $1)::int", {database_}, 2s, stop);
    return {};
  }

 private:
  std::string database_;
  TaskInfo info_{"picky", TaskKind::collector, Interval{10s}, seconds(5)};
};

class NobodyWatches final : public TaskObserver {
 public:
  void run_started(const TaskInfo&) override {}
  void run_ended(const TaskInfo&, const RunReport&) override {}
  void runs_missed(const TaskInfo&, std::int64_t) override {}
};

class DatabaseWalks : public testing::Test, protected PartSink {
 protected:
  DatabaseWalks() {
    for (const char* name : {"alpha", "beta", "gamma"}) cluster_.execute(fmt::format("CREATE DATABASE {}", name));
  }

  DatabaseWalk walk(DatabaseFilter filter = {}, milliseconds seldom = 60s) {
    std::vector<ReaderPtr> readers;
    readers.push_back(std::make_unique<TableCount>("often", 10s, often_));
    readers.push_back(std::make_unique<TableCount>("seldom", seldom, seldom_));
    return {std::move(readers), std::move(filter)};
  }

  void part_ended(const TaskInfo& part, RunResult result) override { results_[part.name] = std::move(result); }

  // Returns what the walk tells of itself.
  std::vector<Family> run(DatabaseWalk& walk) { return run(walk, pool_); }
  std::vector<Family> run(DatabaseWalk& walk, ConnectionPool& pool) {
    results_.clear();
    RunContext context{pool, clock_, clock_.steady_now() + 30s, {}, {}};
    context.parts = this;
    return walk.run(context);
  }

  // As the agent runs it.
  void run_whole(DatabaseWalk& walk) {
    NobodyWatches observer;
    TaskRunner(walk, {pool_, clock_, observer, [](const SnapshotPtr&) {}}).run({});
  }

  static std::map<std::vector<std::string>, double> values(const std::vector<Family>& families,
                                                           const std::string& name) {
    std::map<std::vector<std::string>, double> result;
    for (const Family& family : families) {
      if (family.name != name) continue;
      for (const SeriesView series : family.samples) {
        result[{series.label_values.begin(), series.label_values.end()}] = series.value;
      }
    }
    return result;
  }

  // The databases of which the reader's result knows the value, and those it only knows.
  std::vector<std::string> databases(const std::string& reader, bool with_value = true) {
    std::vector<std::string> names;
    for (const Family& family : results_.at(reader).families) {
      for (const SeriesView series : family.samples) {
        if (std::isnan(series.value) != with_value) names.push_back(series.label_values.front());
      }
    }
    return names;
  }

  // A clock that the test moves.
  struct MovedClock final : Clock {
    SteadyTime steady_now() const override { return std::chrono::steady_clock::now() + offset; }
    WallTime wall_now() const override {
      return SystemClock().wall_now() + std::chrono::duration_cast<microseconds>(offset);
    }
    milliseconds offset{0};
    using microseconds = std::chrono::microseconds;
  };

  std::int64_t sessions_opened() {
    cluster_.execute("SELECT pg_stat_force_next_flush()");
    return std::stoll(cluster_.execute("SELECT sum(sessions) FROM pg_stat_database").text(0, 0));
  }

  PgCluster cluster_;
  MovedClock clock_;
  PgOptions options_ = [this] {
    PgOptions options;
    options.conninfo = cluster_.conninfo("postgres");
    return options;
  }();
  ConnectionPool pool_{options_, 2, clock_};
  std::map<std::string, RunResult> results_;
  int often_ = 0;
  int seldom_ = 0;
};

TEST_F(DatabaseWalks, ReadEveryDatabaseAndNeverHoldMoreThanTheBudget) {
  DatabaseWalk task = walk();
  run(task);
  EXPECT_THAT(databases("often"), ElementsAre("alpha", "beta", "gamma", "postgres"));
  EXPECT_THAT(databases("seldom"), ElementsAre("alpha", "beta", "gamma", "postgres"));
  EXPECT_LE(pool_.sessions(), 2);
  cluster_.execute("CREATE DATABASE delta");
  cluster_.execute("DROP DATABASE alpha");
  clock_.offset += 10s;
  run(task);
  EXPECT_THAT(databases("often"), ElementsAre("beta", "delta", "gamma", "postgres"));
}

TEST_F(DatabaseWalks, ReadInOneVisitWhatIsDueAndNothingElse) {
  DatabaseWalk task = walk();
  run(task);
  EXPECT_EQ(often_, 4);
  EXPECT_EQ(seldom_, 4);
  clock_.offset += 10s;
  run(task);
  EXPECT_EQ(often_, 8);
  EXPECT_EQ(seldom_, 4);
  EXPECT_FALSE(results_.contains("seldom"));
  clock_.offset += 50s;
  run(task);
  EXPECT_EQ(seldom_, 8);
}

TEST_F(DatabaseWalks, FollowThePatterns) {
  DatabaseWalk task = walk({{"*a", "postgres"}, {"b*", "ga[lm]ma"}});
  run(task);
  EXPECT_THAT(databases("often"), ElementsAre("alpha", "postgres"));
}

TEST_F(DatabaseWalks, ARefusingDatabaseCostsTheOthersNothingAndItsSubjectsStayKnown) {
  DatabaseWalk task = walk();
  run(task);
  cluster_.execute("ALTER DATABASE beta CONNECTION LIMIT 0");
  cluster_.execute("CREATE ROLE watcher LOGIN IN ROLE pg_monitor");
  PgOptions options = options_;
  options.conninfo = cluster_.conninfo("postgres", "watcher");
  ConnectionPool pool(options, 2, clock_);
  const auto walk_as_watcher = [&] {
    results_.clear();
    RunContext context{pool, clock_, clock_.steady_now() + 30s, {}, {}};
    context.parts = this;
    task.run(context);
  };
  clock_.offset += 10s;
  walk_as_watcher();
  EXPECT_THAT(databases("often"), ElementsAre("alpha", "gamma", "postgres"));
  EXPECT_THAT(databases("often", false), ElementsAre("beta"));
  EXPECT_EQ(results_.at("often").failed, "");

  cluster_.execute("ALTER DATABASE beta CONNECTION LIMIT -1");
  clock_.offset += 10s;
  walk_as_watcher();
  EXPECT_THAT(databases("often", false), ElementsAre("beta")) << "it is left alone for a while";
  clock_.offset += 60s;
  walk_as_watcher();
  EXPECT_THAT(databases("often"), Contains("beta"));
}

TEST_F(DatabaseWalks, WhatIsReadSeldomIsReadAgainSoonWhenItWasIncomplete) {
  cluster_.execute("ALTER DATABASE beta CONNECTION LIMIT 0");
  cluster_.execute("CREATE ROLE watcher LOGIN IN ROLE pg_monitor");
  options_.conninfo = cluster_.conninfo("postgres", "watcher");
  ConnectionPool pool(options_, 2, clock_);
  DatabaseWalk task = walk({}, 6h);
  const auto walk_after = [&](milliseconds time) {
    clock_.offset += time;
    results_.clear();
    RunContext context{pool, clock_, clock_.steady_now() + 30s, {}, {}};
    context.parts = this;
    task.run(context);
  };
  walk_after(0s);
  EXPECT_THAT(databases("seldom"), ElementsAre("alpha", "gamma", "postgres"));
  cluster_.execute("ALTER DATABASE beta CONNECTION LIMIT -1");
  walk_after(61s);
  EXPECT_THAT(databases("seldom"), Contains("beta"));
  walk_after(61s);
  EXPECT_FALSE(results_.contains("seldom")) << "it was complete: the next one is in six hours";
}

TEST_F(DatabaseWalks, LeaveTheDatabasesThatTheyVisited) {
  DatabaseWalk task = walk();
  run_whole(task);
  for (const char* statement :
       {"DROP DATABASE alpha", "ALTER DATABASE beta RENAME TO better", "CREATE DATABASE copy TEMPLATE gamma"}) {
    EXPECT_NO_THROW(cluster_.execute(statement)) << statement;
  }
  EXPECT_EQ(pool_.sessions(), 1) << "the one in the connected database stays";
}

TEST_F(DatabaseWalks, KeepWithinTheirBudgetAsTheServerCountsIt) {
  cluster_.execute("CREATE ROLE watcher LOGIN IN ROLE pg_monitor CONNECTION LIMIT 2");
  options_.conninfo = cluster_.conninfo("postgres", "watcher");
  ConnectionPool pool(options_, 2, clock_);
  const auto meanwhile = pool.lease(std::chrono::steady_clock::now() + 10s, {});
  DatabaseWalk task = walk({{"alpha", "beta", "gamma"}, {}});
  for (int i = 0; i < 5; ++i) {
    clock_.offset += 10s;
    const auto good = values(run(task, pool), "pgvigil_database_visit_success");
    EXPECT_THAT(
        good, ElementsAre(Pair(ElementsAre("alpha"), 1), Pair(ElementsAre("beta"), 1), Pair(ElementsAre("gamma"), 1)));
    EXPECT_THAT(databases("often"), ElementsAre("alpha", "beta", "gamma"));
  }
}

TEST_F(DatabaseWalks, SayWhatFailedInWhichDatabase) {
  std::vector<ReaderPtr> readers;
  readers.push_back(std::make_unique<TableCount>("often", 10s, often_));
  readers.push_back(std::make_unique<FailsIn>("beta"));
  DatabaseWalk task(std::move(readers), {});
  const std::vector<Family> told = run(task);
  EXPECT_EQ(results_.at("picky").failed, "") << "it was read in others";
  EXPECT_THAT(values(told, "pgvigil_database_read_failed"), ElementsAre(Pair(ElementsAre("picky", "beta"), 1)));
  EXPECT_THAT(values(told, "pgvigil_database_visit_success"), Contains(Pair(ElementsAre("beta"), 1)));
  cluster_.execute("DROP DATABASE beta");
  clock_.offset += 10s;
  EXPECT_THAT(values(run(task), "pgvigil_database_read_failed"), IsEmpty());
}

TEST_F(DatabaseWalks, CallNoDatabaseReadableOfWhichNothingCouldBeRead) {
  std::vector<ReaderPtr> readers;
  readers.push_back(std::make_unique<FailsIn>("beta"));
  DatabaseWalk task(std::move(readers), {});
  const auto good = values(run(task), "pgvigil_database_visit_success");
  EXPECT_THAT(good, Contains(Pair(ElementsAre("alpha"), 1)));
  EXPECT_THAT(good, Contains(Pair(ElementsAre("beta"), 0)));
}

TEST_F(DatabaseWalks, InTheConnectedDatabaseTheyKeepTheirSession) {
  DatabaseWalk task = walk({{"postgres"}, {}});
  run_whole(task);
  const PgConnection watcher = cluster_.connect();
  const std::int64_t before = sessions_opened();
  for (int i = 0; i < 3; ++i) {
    clock_.offset += 10s;
    run_whole(task);
  }
  // The two queries of sessions_opened() are the only logins.
  EXPECT_LE(sessions_opened() - before, 2);
}

TEST_F(DatabaseWalks, WithoutAServerTheyFailAsAWhole) {
  DatabaseWalk task = walk();
  run(task);
  cluster_.stop();
  clock_.offset += 10s;
  EXPECT_THROW(run(task), Error);
  EXPECT_TRUE(results_.empty());
}

}  // namespace
}  // namespace pgvigil
