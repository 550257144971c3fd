#include "collectors/metric_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Usage = CatalogColumn::Usage;

CatalogColumn column(Usage usage, const std::string& name) {
  CatalogColumn result;
  result.name = name;
  result.usage = usage;
  if (result.is_value()) result.metric = name;
  return result;
}

TEST(NamingAdvice, FollowsPrometheusRules) {
  EXPECT_THAT(naming_advice(column(Usage::counter, "app_orders_total")), IsEmpty());
  EXPECT_THAT(naming_advice(column(Usage::gauge, "app_queue_age_seconds")), IsEmpty());
  EXPECT_THAT(naming_advice(column(Usage::gauge, "app_version_info")), IsEmpty());
  EXPECT_THAT(naming_advice(column(Usage::counter, "app_orders")), ElementsAre(HasSubstr("ends in _total")));
  EXPECT_THAT(naming_advice(column(Usage::gauge, "app_orders_total")), ElementsAre(HasSubstr("for counters")));
  EXPECT_THAT(naming_advice(column(Usage::gauge, "app_wait_ms")), ElementsAre(HasSubstr("seconds (scale: 0.001)")));
  EXPECT_THAT(naming_advice(column(Usage::gauge, "app_mb_used")), ElementsAre(HasSubstr("use bytes")));
  EXPECT_THAT(naming_advice(column(Usage::gauge, "app_lock_count")), ElementsAre(HasSubstr("histogram")));
  EXPECT_THAT(naming_advice(column(Usage::gauge, "App_age")), ElementsAre(HasSubstr("lower case")));
  EXPECT_THAT(naming_advice(column(Usage::label, "instance")), ElementsAre(HasSubstr("exported_instance")));
}

TEST(ForbiddenNames, AreThoseThatSomethingElseOwns) {
  EXPECT_THAT(forbidden(column(Usage::label, "le")), HasSubstr("reserved"));
  EXPECT_THAT(forbidden(column(Usage::label, "quantile")), HasSubstr("reserved"));
  EXPECT_THAT(forbidden(column(Usage::gauge, "pgvigil_up")), HasSubstr("the agent's own"));
  EXPECT_EQ(forbidden(column(Usage::label, "level")), "");
  EXPECT_EQ(forbidden(column(Usage::gauge, "app_up")), "");
}

}  // namespace
}  // namespace pgvigil
