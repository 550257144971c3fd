#include "collectors/statements/text_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

const SteadyTime start{1000h};
constexpr milliseconds quick{10};

TEST(StatementTexts, AreAskedForOnce) {
  StatementTexts texts({});
  EXPECT_THAT(texts.due(start, {1, 2}, quick), ElementsAre(1, 2));
  texts.keep(1, "SELECT 1");
  texts.keep(2, "SELECT 2");
  texts.answered(start);
  EXPECT_THAT(texts.due(start + 1h, {1, 2}, quick), IsEmpty());
  EXPECT_THAT(texts.due(start + 1h, {1, 2, 3}, quick), ElementsAre(3));
}

TEST(StatementTexts, AreNotAskedForOftenerThanEveryTenMinutes) {
  StatementTexts texts({});
  texts.answered(start);
  EXPECT_THAT(texts.due(start + 599s, {1}, quick), IsEmpty());
  EXPECT_THAT(texts.due(start + 600s, {1}, quick), ElementsAre(1));
}

TEST(StatementTexts, AreNotAskedForWhenTheLastReadWasSlow) {
  EXPECT_THAT(StatementTexts({}).due(start, {1}, 251ms), IsEmpty());
}

TEST(StatementTexts, AreAskedForMoreSeldomWhileThatFails) {
  StatementTexts texts({});
  texts.failed(start);
  EXPECT_THAT(texts.due(start + 19min, {1}, quick), IsEmpty());
  EXPECT_THAT(texts.due(start + 20min, {1}, quick), ElementsAre(1));
  for (int i = 0; i < 20; ++i) texts.failed(start);
  EXPECT_THAT(texts.due(start + 6h, {1}, quick), ElementsAre(1));
  texts.answered(start);
  EXPECT_THAT(texts.due(start + 10min, {1}, quick), ElementsAre(1));
}

TEST(StatementTexts, AreForgottenWithTheirStatements) {
  StatementTexts texts({});
  texts.keep(1, "SELECT 1");
  texts.keep(2, "SELECT 22");
  texts.retain({2, 3});
  EXPECT_THAT(texts.all(), ElementsAre(testing::Pair(2, "SELECT 22")));
  EXPECT_EQ(texts.bytes(), 9U);
}

TEST(StatementTexts, AreBoundedInBytes) {
  StatementTexts texts({20, 50, 10min, 250ms, 6h});
  for (std::int64_t query = 0; query < 100; ++query) texts.keep(query, std::string(1000, 'x'));
  EXPECT_EQ(texts.bytes(), 40U);
  texts.keep(200, "SELECT 123");
  EXPECT_EQ(texts.bytes(), 50U);
  EXPECT_THAT(texts.due(start, {300}, quick), IsEmpty());
}

}  // namespace
}  // namespace pgvigil
