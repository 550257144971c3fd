#include "alerts/lifecycle_json.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

TEST(LifecycleJson, WhatAnOlderVersionStoredIsRead) {
  const auto state = lifecycle_from(Json::parse(
      R"({"warning":{"active":true,"rising":{"held_ms":0,"running":false,"started":false},
          "clearing":{"held_ms":5000,"running":true,"started":true}},
          "critical":{"active":false,"rising":{"held_ms":100,"running":true,"started":true},
          "clearing":{"held_ms":0,"running":false,"started":false}},"absent_runs":1,"last_absent_run":7})"));
  EXPECT_EQ(state.firing(), Level::warning);
  EXPECT_EQ(state.levels[0].clearing, (HoldTimer{milliseconds(5000), true, true}));
  EXPECT_EQ(state.levels[1].rising, (HoldTimer{milliseconds(100), true, true}));
  EXPECT_EQ(state.absent_runs, 1);
  EXPECT_EQ(state.last_absent_run, 7U);
  EXPECT_EQ(state.flaps, FlapMemory{});
  EXPECT_EQ(state.missing, HoldTimer{});
}

TEST(LifecycleJson, NothingIsANewState) {
  for (const char* text : {"{}", "[]", "null", "7", R"({"warning":3,"flaps":[1],"missing":"x"})"}) {
    EXPECT_TRUE(lifecycle_from(Json::parse(text)).settled()) << text;
  }
}

TEST(LifecycleJson, WhatNoVersionWritesIsBroughtWithinTheLimits) {
  const auto state = lifecycle_from(Json::parse(
      R"({"warning":{"enters":{"trues":-1,"known":3},"stays":{"trues":5,"known":9000000000},
          "rising":{"held_ms":-5}},"absent_runs":-3})"));
  EXPECT_EQ(state.levels[0].enters, (LookWindow{7, 3}));
  EXPECT_EQ(state.levels[0].stays, (LookWindow{5, 64}));
  EXPECT_EQ(state.levels[0].rising.held, milliseconds(0));
  EXPECT_EQ(state.absent_runs, 0);
}

TEST(LifecycleJson, AFiringAlertTakesLittleSpace) {
  LifecycleState state;
  state.levels[0].active = true;
  EXPECT_LT(to_json(state).dump().size(), 400U);
}

}  // namespace
}  // namespace pgvigil
