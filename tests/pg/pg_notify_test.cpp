#include "alerts/notifiers/pg_notify.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/process.h"
#include "tests/unit/alerts/messages.h"
#include "tests/unit/alerts/scripted_client.h"

namespace pgvigil {
namespace {

class PgNotify : public testing::Test {
 protected:
  Verdict deliver(const Notification& notification, PgNotifyOptions options = {}) {
    const Letter one = letter(notification);
    return PgNotifyNotifier(std::move(options)).deliver({&one, 1}, {client_, target_, seconds(10), {}});
  }

  PgCluster cluster_;
  PgOptions target_ = [this] {
    PgOptions options;
    options.conninfo = cluster_.conninfo();
    return options;
  }();
  ScriptedClient client_;
};

// psql prints a notification after the command that follows it.
TEST_F(PgNotify, ReachesAListenerOfTheWatchedServer) {
  Process listener({"psql", "-X", "-d", cluster_.conninfo(), "-c", "LISTEN database_alert", "-c", "SELECT pg_sleep(3)",
                    "-c", "SELECT 'done'"});
  PgConnection looker = cluster_.connect();
  const auto listening = [&] {
    return looker.query("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3)'").rows() == 1;
  };
  while (!listening() && listener.running()) continue;
  EXPECT_TRUE(deliver(trigger()).delivered());
  ASSERT_TRUE(listener.wait(seconds(60)).has_value());
  ASSERT_TRUE(listener.wait_for_end_of_output(seconds(20)));
  const std::string output = listener.output();
  ASSERT_NE(output.find("Asynchronous notification \"database_alert\""), std::string::npos)
      << output << listener.error_output();
  EXPECT_NE(output.find("\"alert_name\":\"idle-in-transaction\""), std::string::npos) << output;
}

TEST_F(PgNotify, TheLargestPayloadIsTaken) {
  EXPECT_TRUE(deliver(filled_with(std::string(20'000, '"'))).delivered());
}

TEST_F(PgNotify, GoesToAnotherServerWhenOneIsNamed) {
  PgNotifyOptions options;
  options.server = target_;
  target_.conninfo = "host=/nowhere";
  EXPECT_TRUE(deliver(trigger(), options).delivered());
  EXPECT_EQ(deliver(trigger()).kind, Verdict::Kind::unreachable);
}

TEST_F(PgNotify, AServerThatIsDownIsTriedAgainAndARoleThatMayNotLogInIsForAPerson) {
  target_.conninfo = cluster_.conninfo("postgres", "nobody");
  EXPECT_EQ(deliver(trigger()).kind, Verdict::Kind::misconfigured);
  target_.conninfo = cluster_.conninfo();
  cluster_.stop();
  EXPECT_EQ(deliver(trigger()).kind, Verdict::Kind::unreachable);
}

}  // namespace
}  // namespace pgvigil
