#include "collectors/statements/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(OwnersNames, FollowRenames) {
  EXPECT_THAT(names_now({1}, {{1, "shop"}}, {{1, "old_shop"}}), ElementsAre(Pair(1, "old_shop")));
  EXPECT_THAT(names_now({1, 2}, {{1, "shop"}}, {{1, "old_shop"}, {2, "shop"}}),
              ElementsAre(Pair(1, "old_shop"), Pair(2, "shop")));
}

TEST(OwnersNames, AreKeptForWhatWasDroppedUntilSomethingElseHasThem) {
  EXPECT_THAT(names_now({1, 2}, {{1, "shop"}}, {{2, "mail"}}), ElementsAre(Pair(1, "shop"), Pair(2, "mail")));
  EXPECT_THAT(names_now({1, 2}, {{1, "shop"}}, {{2, "shop"}}), ElementsAre(Pair(2, "shop")));
  EXPECT_THAT(names_now({1, 2}, {{1, "shop"}, {2, "shop"}}, {}), ElementsAre(Pair(1, "shop")));
  EXPECT_THAT(names_now({2}, {{1, "gone"}}, {}), ElementsAre());
}

}  // namespace
}  // namespace pgvigil
