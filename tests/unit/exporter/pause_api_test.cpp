#include "exporter/pause_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

class PauseApis : public testing::Test {
 protected:
  HttpReply post(const std::string& body) {
    HttpQuery query;
    query.body = body;
    query.peer = "127.0.0.1";
    query.user = "ada";
    return pause_by_request(pause_, query);
  }
  TempDir folder_;
  PauseSwitch pause_{folder_.path()};
};

TEST_F(PauseApis, PauseAndResume) {
  EXPECT_EQ(pause_state(pause_).body, "{\"paused\":false}\n");
  EXPECT_EQ(post(R"({"reason": "upgrade"})").status, 200);
  EXPECT_TRUE(pause_.paused());
  const Json state = Json::parse(pause_state(pause_).body);
  EXPECT_TRUE(state["paused"].boolean());
  EXPECT_EQ(state["reason"].text(), "upgrade, by ada from 127.0.0.1");
  EXPECT_EQ(resume_by_request(pause_, {}).body, "{\"paused\":false}\n");
  EXPECT_FALSE(pause_.paused());
}

TEST_F(PauseApis, NeedNoReason) {
  EXPECT_EQ(post("").status, 200);
  EXPECT_EQ(post("{}").status, 200);
  EXPECT_EQ(pause_.reason(), "no reason given, by ada from 127.0.0.1");
}

TEST_F(PauseApis, SayWhoItWasHoweverMuchIsSaid) {
  EXPECT_EQ(post("{\"reason\": \"" + std::string(1000, 'x') + "\"}").status, 200);
  EXPECT_THAT(pause_.reason(),
              testing::AllOf(testing::StartsWith("xxx"), testing::EndsWith(", by ada from 127.0.0.1")));
}

TEST_F(PauseApis, ResumeOnlyWhenNothingElseIsSaid) {
  HttpQuery query;
  for (const char* body : {R"({"reason": "done"})", R"({"after": "1h"})", "[]", "x"}) {
    pause_.pause("upgrade");
    query.body = body;
    EXPECT_EQ(resume_by_request(pause_, query).status, 400) << body;
    EXPECT_TRUE(pause_.paused()) << body;
  }
  query.body = "{}";
  EXPECT_EQ(resume_by_request(pause_, query).status, 200);
  EXPECT_FALSE(pause_.paused());
}

TEST_F(PauseApis, RefuseWhatTheyDoNotUnderstand) {
  for (const char* body :
       {"[]", "7", "{", R"({"reason": 7})", R"({"why": "upgrade"})", R"({"reason": "x", "for": "1h"})"}) {
    EXPECT_EQ(post(body).status, 400) << body;
    EXPECT_FALSE(pause_.paused()) << body;
  }
}

}  // namespace
}  // namespace pgvigil
