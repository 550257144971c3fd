// Sessions against real servers: their limits, and what happens when the other side does not play along.

#include "core/pg_connection.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <barrier>
#include <csignal>
#include <thread>

#include "collectors/connections.h"
#include "core/error.h"
#include "core/file.h"
#include "tests/support/free_port.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Sessions : public testing::TestWithParam<int> {
 protected:
  PgOptions options() const {
    PgOptions result;
    result.conninfo = cluster_.conninfo();
    return result;
  }
  PgCluster cluster_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Versions, Sessions, testing::ValuesIn(PgCluster::usual_versions()));

template <typename Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Error::Kind::invalid, "nothing was thrown"};
}

TEST_P(Sessions, AnswerWithTypesNullsAndParameters) {
  auto session = PgConnection::open(options());
  EXPECT_EQ(session.server_version() / 10000, GetParam());
  const PgRows rows = session.query("SELECT $1::int + 1 AS n, NULL AS nothing, $2 AS t", {"41", "a'b"}, 5s);
  EXPECT_EQ(rows.column_name(0), "n");
  EXPECT_EQ(rows.get(0, 0), "42");
  EXPECT_EQ(rows.get(0, 1), std::nullopt);
  EXPECT_EQ(rows.text(0, 2), "a'b");
}

TEST_P(Sessions, AreReadOnlyAndKnownByName) {
  auto session = PgConnection::open(options());
  const Error error = error_of([&] { session.query("CREATE TABLE t (a int)"); });
  EXPECT_EQ(error.sqlstate(), "25006");
  EXPECT_EQ(error.kind(), Error::Kind::rejected);
  EXPECT_TRUE(session.usable());
  EXPECT_EQ(session.query("SHOW application_name").get(0, 0), "pgvigil");
}

TEST_P(Sessions, DoNotWaitForLocks) {
  cluster_.execute("CREATE TABLE public.t AS SELECT 1 AS a");
  auto holder = cluster_.connect();
  holder.query("BEGIN");
  holder.query("LOCK TABLE public.t");
  auto session = PgConnection::open(options());
  const Error error = error_of([&] { session.query("SELECT * FROM public.t", 60s); });
  EXPECT_EQ(error.sqlstate(), "55P03");
  EXPECT_EQ(error.kind(), Error::Kind::unavailable);
}

TEST_P(Sessions, EndAStatementAtItsTimeOut) {
  auto session = PgConnection::open(options());
  const Error error = error_of([&] { session.query("SELECT pg_sleep(1000)", 100ms); });
  EXPECT_EQ(error.sqlstate(), "57014");
  EXPECT_EQ(session.query("SELECT 1").get(0, 0), "1");
}

TEST_P(Sessions, CancelAtTheClientsDeadlineWhenTheServerDoesNot) {
  auto session = PgConnection::open(options());
  // The function switches the server's own limit off, as a hung server would.
  auto writer = cluster_.connect();
  writer.query(
      "CREATE FUNCTION public.hang() RETURNS void LANGUAGE plpgsql SET statement_timeout = 0 AS "
      "'BEGIN PERFORM pg_sleep(1000); END'");
  session.query("SET statement_timeout = 0");
  const Error error = error_of([&] { session.query("SELECT public.hang()", {}, 5000ms); });
  EXPECT_EQ(error.kind(), Error::Kind::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("deadline"));
  EXPECT_FALSE(session.usable()) << "the late answer would be read as the next one's";
  EXPECT_TRUE(eventually(20s, [&] {
    return cluster_
               .execute(
                   "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%hang%' AND state = 'active' AND pid <> "
                   "pg_backend_pid()")
               .get(0, 0) == "0";
  })) << "the statement was not cancelled";
}

TEST_P(Sessions, AreGivenUpWhenTheirBackendHangs) {
  auto session = PgConnection::open(options());
  const pid_t backend = std::stoi(session.query("SELECT pg_backend_pid()").text(0, 0));
  ::kill(backend, SIGSTOP);
  const Error error = error_of([&] { session.query("SELECT 1", {}, 300ms); });
  EXPECT_EQ(error.kind(), Error::Kind::unavailable);
  EXPECT_FALSE(session.usable());
  ::kill(backend, SIGCONT);
}

TEST_P(Sessions, AreGivenUpWhenTheWholeServerHangs) {
  auto session = PgConnection::open(options());
  const pid_t backend = std::stoi(session.query("SELECT pg_backend_pid()").text(0, 0));
  ::kill(cluster_.pid(), SIGSTOP);
  ::kill(backend, SIGSTOP);
  EXPECT_EQ(error_of([&] { session.query("SELECT 1", {}, 300ms); }).kind(), Error::Kind::unavailable);
  EXPECT_FALSE(session.usable());
  PgOptions impatient = options();
  impatient.connect_timeout = 300ms;
  EXPECT_EQ(error_of([&] { PgConnection::open(impatient); }).kind(), Error::Kind::unavailable);
  ::kill(backend, SIGCONT);
  ::kill(cluster_.pid(), SIGCONT);
}

TEST_P(Sessions, StopWhenAsked) {
  auto session = PgConnection::open(options());
  std::stop_source stop;
  const std::jthread stopper([&] {
    EXPECT_TRUE(eventually(20s, [&] {
      return cluster_.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").get(0, 0) ==
             "1";
    }));
    stop.request_stop();
  });
  EXPECT_EQ(error_of([&] { session.query("SELECT pg_sleep(1000)", 100s, stop.get_token()); }).kind(),
            Error::Kind::cancelled);
}

TEST_P(Sessions, NoticeThatTheServerEndedThem) {
  auto session = PgConnection::open(options());
  cluster_.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgvigil'");
  EXPECT_EQ(error_of([&] { session.query("SELECT 1"); }).kind(), Error::Kind::unavailable);
  EXPECT_FALSE(session.usable());
}

TEST_P(Sessions, TellARefusalFromAServerThatIsNotThere) {
  PgOptions wrong = options();
  wrong.conninfo = cluster_.conninfo("no_such_database");
  EXPECT_EQ(error_of([&] { PgConnection::open(wrong); }).kind(), Error::Kind::rejected);
  wrong.conninfo = cluster_.conninfo("postgres", "nobody_here");
  EXPECT_EQ(error_of([&] { PgConnection::open(wrong); }).kind(), Error::Kind::rejected);
  cluster_.stop();
  EXPECT_EQ(error_of([&] { PgConnection::open(options()); }).kind(), Error::Kind::unavailable);
}

TEST_P(Sessions, DescribeAQueryWithoutRunningIt) {
  auto session = PgConnection::open(options());
  const PgRows columns = session.describe("SELECT 1 AS a, pg_sleep(1000) AS b");
  ASSERT_EQ(columns.columns(), 2);
  EXPECT_EQ(columns.column_name(1), "b");
}

TEST_P(Sessions, AreSharedWithinABudgetAndReused) {
  const SystemClock clock;
  ConnectionPool pool(options(), 1, clock);
  std::string first;
  {
    auto lease = pool.lease(std::chrono::steady_clock::now() + 10s, {});
    EXPECT_EQ(lease.facts().version / 10000, GetParam());
    EXPECT_FALSE(lease.facts().in_recovery);
    first = lease.connection().query("SELECT pg_backend_pid()").text(0, 0);
    const Error error = error_of([&] { pool.lease(std::chrono::steady_clock::now() + 100ms, {}); });
    EXPECT_THAT(error.what(), HasSubstr("budget"));
  }
  auto again = pool.lease(std::chrono::steady_clock::now() + 10s, {});
  EXPECT_EQ(again.connection().query("SELECT pg_backend_pid()").text(0, 0), first);
  EXPECT_EQ(pool.sessions(), 1);
}

TEST_P(Sessions, ThatFailedAreNotReused) {
  const SystemClock clock;
  ConnectionPool pool(options(), 1, clock);
  {
    auto lease = pool.lease(std::chrono::steady_clock::now() + 10s, {});
    cluster_.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgvigil'");
    EXPECT_THROW(lease.connection().query("SELECT 1"), Error);
  }
  EXPECT_EQ(pool.sessions(), 0);
  auto lease = pool.lease(std::chrono::steady_clock::now() + 10s, {});
  EXPECT_EQ(lease.connection().query("SELECT 1").get(0, 0), "1");
}

TEST_P(Sessions, AreGoneWhenTheyAreClosed) {
  cluster_.execute("CREATE ROLE lonely LOGIN CONNECTION LIMIT 1");
  PgOptions lonely = options();
  lonely.conninfo = cluster_.conninfo("postgres", "lonely");
  for (int i = 0; i < 20; ++i) {
    auto session = PgConnection::open(lonely);
    session.close();
    EXPECT_FALSE(session.usable());
  }
}

TEST_P(Sessions, WhoseStatementWasCancelledAreGoneToo) {
  cluster_.execute("CREATE ROLE lonely LOGIN CONNECTION LIMIT 1");
  PgOptions lonely = options();
  lonely.conninfo = cluster_.conninfo("postgres", "lonely");
  auto session = PgConnection::open(lonely);
  std::stop_source stop;
  const std::jthread stopper([&] {
    EXPECT_TRUE(eventually(20s, [&] {
      return cluster_.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").get(0, 0) ==
             "1";
    }));
    stop.request_stop();
  });
  EXPECT_EQ(error_of([&] { session.query("SELECT pg_sleep(1000)", 100s, stop.get_token()); }).kind(),
            Error::Kind::cancelled);
  session.close(20s);
  EXPECT_EQ(PgConnection::open(lonely).query("SELECT 1").get(0, 0), "1");
}

TEST_P(Sessions, AreCountedAsEndedByTheirClient) {
  if (GetParam() < 14) GTEST_SKIP() << "the server does not count them";
  for (int i = 0; i < 3; ++i) PgConnection::open(options()).close();
  EXPECT_EQ(cluster_.execute("SELECT sessions_abandoned FROM pg_stat_database WHERE datname = 'postgres'").get(0, 0),
            "0");
}

TEST_P(Sessions, LeftInATransactionAreNotReused) {
  const SystemClock clock;
  ConnectionPool pool(options(), 1, clock);
  {
    auto lease = pool.lease(std::chrono::steady_clock::now() + 10s, {});
    lease.connection().query("BEGIN");
    EXPECT_TRUE(lease.connection().in_transaction());
  }
  EXPECT_EQ(pool.sessions(), 0);
  auto lease = pool.lease(std::chrono::steady_clock::now() + 10s, {});
  EXPECT_FALSE(lease.connection().in_transaction());
}

TEST_P(Sessions, InOtherDatabasesEndWhenThePoolLeavesThem) {
  const SystemClock clock;
  ConnectionPool pool(options(), 2, clock);
  cluster_.execute("CREATE DATABASE other");
  pool.lease(std::chrono::steady_clock::now() + 10s, {});
  pool.lease("other", std::chrono::steady_clock::now() + 10s, {});
  EXPECT_EQ(pool.sessions(), 2);
  pool.leave_other_databases();
  EXPECT_EQ(pool.sessions(), 1);
  EXPECT_NO_THROW(cluster_.execute("DROP DATABASE other"));
}

TEST_P(Sessions, AreOpenedAtTheSameTimeWhileTheServerIsWell) {
  const SystemClock clock;
  constexpr int budget = 4;
  ConnectionPool pool(options(), budget, clock);
  std::barrier together(budget);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < budget; ++i) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        try {
          const auto lease = pool.lease(std::chrono::steady_clock::now() + 10s, {});
          ++good;
        } catch (const Error&) {  // it is not counted
        }
      });
    }
  }
  EXPECT_EQ(good, budget);
}

TEST_P(Sessions, MakeRoomForEachOtherWithinTheBudget) {
  const SystemClock clock;
  cluster_.execute("CREATE ROLE limited LOGIN CONNECTION LIMIT 2");
  PgOptions limited = options();
  limited.conninfo = cluster_.conninfo("postgres", "limited");
  ConnectionPool pool(limited, 2, clock);
  for (int i = 0; i < 10; ++i) {
    auto one = pool.lease(std::chrono::steady_clock::now() + 10s, {});
    auto two = pool.lease(i % 2 == 0 ? "template1" : "", std::chrono::steady_clock::now() + 10s, {});
    EXPECT_EQ(two.connection().query("SELECT 1").get(0, 0), "1");
  }
}

// A peer that accepts a connection and never says anything.
TEST(Connecting, EndsAtItsDeadlineWhenNobodyAnswers) {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 5), 0);
  socklen_t size = sizeof address;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  PgOptions options;
  options.conninfo = fmt::format("host=127.0.0.1 port={} user=x dbname=x", ntohs(address.sin_port));
  options.connect_timeout = 300ms;
  const Error error = error_of([&] { PgConnection::open(options); });
  EXPECT_EQ(error.kind(), Error::Kind::unavailable);
  EXPECT_THAT(error.what(), HasSubstr("connect timeout"));
}

TEST(Conninfo, KeepsEverythingButTheDatabase) {
  const std::string changed = with_database("host='/tmp/a b' user=x dbname=old password=x", "new \\'db");
  EXPECT_THAT(changed, HasSubstr("dbname='new \\\\\\'db'"));
  EXPECT_THAT(changed, HasSubstr("host='/tmp/a b'"));
  EXPECT_THAT(with_database("postgresql://u@h:5433/old?sslmode=require", "new"),
              testing::AllOf(HasSubstr("dbname='new'"), HasSubstr("port='5433'"), HasSubstr("sslmode='require'")));
}

}  // namespace
}  // namespace pgvigil
