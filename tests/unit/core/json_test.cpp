#include "core/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace pgvigil {
namespace {

TEST(JsonValues, AreWrittenInTheOrderTheyWerePut) {
  const Json value(Json::Object{{"z", 1}, {"a", Json::Array{true, false, 1.5, "x\"\n"}}, {"n", Json()}});
  EXPECT_EQ(value.dump(), R"({"z":1,"a":[true,false,1.5,"x\"\n"],"n":null})");
}

TEST(JsonValues, ReadBackAsTheyWere) {
  const Json value(Json::Object{{"big", std::int64_t{9007199254740993}}, {"list", Json::Array{1, -2}}, {"text", "ä"}});
  EXPECT_EQ(Json::parse(value.dump()), value);
}

TEST(JsonValues, AnswerQuestionsOfTheWrongTypeWithEmptyOnes) {
  const Json value = Json::parse(R"({"a": 1})");
  EXPECT_TRUE(value["b"].is_null());
  EXPECT_EQ(value["a"].text(), "");
  EXPECT_EQ(value["a"].number(), 1);
  EXPECT_EQ(value["a"]["deeper"].integer(), 0);
}

TEST(JsonValues, StayValidWhateverIsInThem) {
  EXPECT_EQ(Json("bad \xff byte").dump(), "\"bad \xEF\xBF\xBD byte\"");
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
}

TEST(JsonValues, RefuseWhatIsNoJson) {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "nul"}) EXPECT_THROW(Json::parse(text), Error) << text;
}

}  // namespace
}  // namespace pgvigil
