#include "collectors/replay_lag.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

class ReplayLagMeters : public testing::Test {
 protected:
  ReplayLag look(SteadyTime::duration after, const ReplayPosition& position) {
    return meter_.look(position, SteadyTime(1000h) + after);
  }
  ReplayLagMeter meter_;
};

constexpr bool connected = true;
constexpr bool cut = false;

TEST_F(ReplayLagMeters, SayZeroWhileAnIdlePrimaryCommitsNothing) {
  const ReplayLag lag = look(0s, {connected, 100, 100, 100, 86400});
  EXPECT_EQ(lag.seconds, 0);
  EXPECT_EQ(lag.bytes, 0);
}

TEST_F(ReplayLagMeters, SayTheAgeOfTheLastCommitWhileReplayIsBehind) {
  const ReplayLag lag = look(0s, {connected, 100, 300, 350, 7});
  EXPECT_EQ(lag.seconds, 7);
  EXPECT_EQ(lag.bytes, 250);
}

TEST_F(ReplayLagMeters, DoNotTakeAPauseOfThePrimaryForLag) {
  look(0s, {connected, 100, 100, 100, 3600});
  const ReplayLag lag = look(5s, {connected, 100, 300, 300, 3605});  // first commits after an hour
  EXPECT_EQ(lag.seconds, 5);
}

TEST_F(ReplayLagMeters, GrowWhenTheLinkIsCutAlthoughAllThatWasReceivedIsReplayed) {
  look(0s, {connected, 100, 100, 100, 1});
  EXPECT_EQ(look(30s, {cut, 100, 100, {}, 31}).seconds, 30);
  const ReplayLag later = look(60s, {cut, 100, 100, {}, 61});
  EXPECT_EQ(later.seconds, 60);
  EXPECT_EQ(later.bytes, std::nullopt);
  EXPECT_FALSE(later.receiver_connected);
}

TEST_F(ReplayLagMeters, ReachZeroAgainWithTheLink) {
  look(0s, {connected, 100, 100, 100, 1});
  look(60s, {cut, 100, 100, {}, 61});
  EXPECT_EQ(look(65s, {connected, 100, 200, 200, 66}).seconds, 65);
  EXPECT_EQ(look(70s, {connected, 200, 200, 200, 30}).seconds, 0);
}

TEST_F(ReplayLagMeters, KnowNothingOfAStandbyThatNeverReplayedACommitNorCaughtUp) {
  const ReplayLag lag = look(0s, {cut, 100, {}, {}, {}});
  EXPECT_EQ(lag.seconds, std::nullopt);
  EXPECT_EQ(lag.bytes, std::nullopt);
}

TEST_F(ReplayLagMeters, CatchUpOnAFreshStandbyWithoutAnyCommit) {
  EXPECT_EQ(look(0s, {connected, 100, 100, 100, {}}).seconds, 0);
}

TEST_F(ReplayLagMeters, ForgetWhatTheyKnewOfAnotherServer) {
  look(0s, {connected, 100, 100, 100, 1});
  meter_.forget();
  EXPECT_EQ(look(5s, {connected, 100, 300, 300, 900}).seconds, 900);
}

}  // namespace
}  // namespace pgvigil
