#include "collectors/bloat/confirmation_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>

#include "core/text.h"
#include "tests/unit/collectors/bloat/bloat_facts.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const WallTime noon = parse_time("2026-11-21T12:00:00Z").value();
constexpr std::int64_t page = 8192;

class ConfirmationPlans : public testing::Test {
 protected:
  // An index of that many pages; a floor of 1,000 pages.
  Suspect& add(const std::string& name, double pages, std::optional<double> suspected) {
    RelationFacts& relation = relations_.emplace_back(full_index());
    relation.name = name;
    relation.pages = relation.unread_pages = pages;
    suspects_.push_back({&relation, suspected, std::nullopt, false});
    return suspects_.back();
  }

  ConfirmationPlan plan(std::int64_t pages = 1'000'000) {
    options_.floor_bytes = 1000 * page;
    return plan_confirmations(suspects_, pages * page, options_, noon);
  }

  static std::vector<std::string> read(const ConfirmationPlan& plan) {
    std::vector<std::string> names;
    for (const RelationFacts* relation : plan.read) names.push_back(relation->name);
    return names;
  }

  BloatOptions options_;
  std::vector<Suspect> suspects_;
  std::list<RelationFacts> relations_;
};

TEST_F(ConfirmationPlans, BeginWithWhatPromisesMostBytes) {
  add("small and bad", 2000, 0.9);
  add("large and fair", 10000, 0.4);
  add("no sign", 9000, std::nullopt);
  EXPECT_THAT(read(plan()), ElementsAre("large and fair", "no sign", "small and bad"));
}

TEST_F(ConfirmationPlans, LeaveOutWhatIsNotWorthIt) {
  add("fine", 100000, 0.1);
  add("small", 300, 0.5);
  EXPECT_THAT(read(plan()), IsEmpty());
}

TEST_F(ConfirmationPlans, StayWithinTheBudgetAndTakeWhatStillFits) {
  add("too large", 10000, 0.5);
  add("first", 4000, 0.5);
  add("second", 3000, 0.5);
  add("third", 2000, 0.5);
  const ConfirmationPlan plan = this->plan(6000);
  EXPECT_THAT(read(plan), ElementsAre("first", "third"));
  EXPECT_EQ(plan.over_budget, 2);
  EXPECT_THAT(read(this->plan(0)), IsEmpty());
  EXPECT_THAT(read(this->plan(-5)), IsEmpty());
}

TEST_F(ConfirmationPlans, EndAVisit) {
  options_.confirmations_a_visit = 2;
  for (const char* name : {"a", "b", "c"}) add(name, 5000, 0.5);
  EXPECT_THAT(read(plan()), ElementsAre("a", "b"));
  EXPECT_EQ(plan().over_budget, 1);
}

TEST_F(ConfirmationPlans, DoNotTouchWhatIsLocked) {
  add("locked", 5000, 0.5).locked = true;
  EXPECT_THAT(read(plan()), IsEmpty());
  EXPECT_EQ(plan().locked, 1);
}

TEST_F(ConfirmationPlans, DoNotRepeatThemselves) {
  const auto read_before = [&](const std::string& name, std::optional<double> wasted, std::chrono::hours ago) {
    Suspect& suspect = add(name, 5000, 0.5);
    suspect.last =
        Confirmation{suspect.relation->file, 5000, suspect.relation->rows, wasted, "pgstatindex", 0, noon - ago};
    return &suspect;
  };
  read_before("lately", 0.5, 2h);
  read_before("days ago", 0.5, 100h);
  read_before("failed lately", std::nullopt, 2h);
  read_before("failed long ago", std::nullopt, 30h);
  read_before("changed since", 0.5, 2h)->last->pages = 2000;
  EXPECT_THAT(read(plan()), ElementsAre("days ago", "failed long ago", "changed since"));
}

TEST_F(ConfirmationPlans, LeaveOutWhatNoFunctionReads) {
  add("gin", 5000, 0.5);
  relations_.back().access_method = "gin";
  add("invalid", 5000, 0.5);
  relations_.back().valid = false;
  EXPECT_THAT(read(plan()), IsEmpty());
}

}  // namespace
}  // namespace pgvigil
