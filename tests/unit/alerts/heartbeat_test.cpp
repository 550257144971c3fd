#include "alerts/heartbeat.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/alerts/scripted_client.h"

namespace pgvigil {
namespace {

class HeartbeatTest : public testing::Test {
 protected:
  seconds step() { return std::chrono::duration_cast<seconds>(heartbeat_.step({}) - clock_.steady_now()); }

  FakeClock clock_;
  ScriptedClient client_;
  std::optional<std::string> trouble_;
  bool store_fails_ = false;
  Heartbeat heartbeat_{{Secret("https://hc.example.org/uuid-secret"), Scheme::https_only, seconds(60), seconds(10)},
                       client_,
                       clock_,
                       [this] {
                         if (store_fails_) throw Error(Error::Kind::unavailable, "disk full");
                         return trouble_;
                       }};
};

TEST_F(HeartbeatTest, BeatsWhileAllIsWell) {
  EXPECT_EQ(step(), seconds(60));
  EXPECT_EQ(step(), seconds(60));
  EXPECT_EQ(client_.requests.size(), 2U);
  EXPECT_EQ(client_.requests[0].method, "GET");
  EXPECT_EQ(heartbeat_.sent(), 2U);
}

TEST_F(HeartbeatTest, IsSilentWhenAlertingMakesNoProgress) {
  trouble_ = "the rules are not evaluated";
  step();
  trouble_.reset();
  store_fails_ = true;
  step();
  EXPECT_TRUE(client_.requests.empty());
  EXPECT_EQ(heartbeat_.withheld(), 2U);
  store_fails_ = false;
  step();
  EXPECT_EQ(client_.requests.size(), 1U);
}

TEST_F(HeartbeatTest, TriesAgainSoonerAfterAFailureButNotTooOften) {
  client_.no_answer();
  client_.answer(500);
  EXPECT_EQ(step(), seconds(15));
  EXPECT_EQ(step(), seconds(15));
  EXPECT_EQ(step(), seconds(60));
  EXPECT_EQ(heartbeat_.failed(), 2U);
}

TEST_F(HeartbeatTest, ItsAddressIsInNoLog) {
  testing::internal::CaptureStderr();
  client_.no_answer();
  client_.answer(404);
  step();
  step();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("https://hc.example.org"), std::string::npos);
  EXPECT_EQ(log.find("uuid-secret"), std::string::npos) << log;
}

TEST(StandstillChecks, WaitForAsLongAsTheyAreTold) {
  StandstillCheck check;
  const SteadyTime start{std::chrono::hours(1)};
  EXPECT_FALSE(check.stands_still(1, start, seconds(60)));
  EXPECT_FALSE(check.stands_still(1, start + seconds(60), seconds(60)));
  EXPECT_TRUE(check.stands_still(1, start + seconds(61), seconds(60)));
  EXPECT_FALSE(check.stands_still(2, start + seconds(62), seconds(60)));
}

TEST(HeartbeatSection, IsRead) {
  Problems problems;
  auto section = Section::parse("heartbeat: { url: 'https://hc/x', every: 5m, timeout: 3s }", "c", problems);
  const auto options = decode_heartbeat(*section);
  ASSERT_TRUE(options && problems.empty());
  EXPECT_EQ(options->every, seconds(300));
  auto plain = Section::parse("heartbeat: { url: 'http://hc/x' }", "c", problems);
  decode_heartbeat(*plain);
  EXPECT_EQ(problems.lines().size(), 1U);
}

}  // namespace
}  // namespace pgvigil
