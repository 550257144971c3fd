#include "collectors/waits/wait_account.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000h};

double value(const WaitAccount& account, const std::string& name, const std::vector<std::string>& labels) {
  for (const Family& family : account.families()) {
    if (family.name != name) continue;
    for (const auto& sample : family.samples) {
      if (std::vector<std::string>(sample.label_values.begin(), sample.label_values.end()) == labels)
        return sample.value;
    }
  }
  return -1;
}

WaitGroup client(double count, const std::string& event_type = "", const std::string& event = "",
                 const std::string& database = "shop") {
  return {true, database, event_type, event, count};
}

TEST(Waits, AreSessionsTimesTheTimeSinceTheSampleBefore) {
  WaitAccount account(5s, 100);
  account.observe(start, {client(2, "Lock", "tuple")});
  account.observe(start + 1s, {client(3, "Lock", "tuple")});
  account.observe(start + 3s, {client(1, "Lock", "tuple")});
  EXPECT_EQ(value(account, "pg_wait_seconds_total", {"shop", "Lock", "tuple"}), 5);
  EXPECT_EQ(value(account, "pg_wait_sampled_seconds_total", {}), 3);
  EXPECT_EQ(value(account, "pg_wait_samples_total", {}), 3);
}

TEST(Waits, OfASessionThatDoesNotWaitAreCpuTime) {
  WaitAccount account(5s, 100);
  account.observe(start, {});
  account.observe(start + 1s, {client(4)});
  EXPECT_EQ(value(account, "pg_wait_seconds_total", {"shop", "CPU", "CPU"}), 4);
}

TEST(Waits, OfBackgroundProcessesStandApart) {
  WaitAccount account(5s, 100);
  account.observe(start, {});
  account.observe(start + 1s, {{false, "checkpointer", "IO", "DataFileSync", 1}});
  EXPECT_EQ(value(account, "pg_background_wait_seconds_total", {"checkpointer", "IO", "DataFileSync"}), 1);
  EXPECT_EQ(value(account, "pg_wait_seconds_total", {"checkpointer", "IO", "DataFileSync"}), -1);
}

TEST(Waits, AreNotGuessedForAGap) {
  WaitAccount account(5s, 100);
  account.observe(start, {});
  account.observe(start + 1h, {client(2)});
  EXPECT_EQ(value(account, "pg_wait_seconds_total", {"shop", "CPU", "CPU"}), 10);
  EXPECT_EQ(value(account, "pg_wait_sampled_seconds_total", {}), 5);
}

TEST(Waits, OfSessionsThatAreGoneStay) {
  WaitAccount account(5s, 100);
  account.observe(start, {});
  account.observe(start + 1s, {client(1, "IO", "DataFileRead")});
  account.observe(start + 2s, {});
  EXPECT_EQ(value(account, "pg_wait_seconds_total", {"shop", "IO", "DataFileRead"}), 1);
}

TEST(Waits, BeyondTheirSeriesAreSummedUpAsOther) {
  WaitAccount account(5s, 2);
  account.observe(start, {});
  std::vector<WaitGroup> groups;
  for (int i = 0; i < 10; ++i) groups.push_back(client(1, "Extension", "event" + std::to_string(i)));
  account.observe(start + 1s, groups);
  account.observe(start + 2s, groups);
  EXPECT_EQ(account.families().front().samples.size(), 3U);
  EXPECT_EQ(value(account, "pg_wait_seconds_total", {"", "other", "other"}), 16);
}

}  // namespace
}  // namespace pgvigil
