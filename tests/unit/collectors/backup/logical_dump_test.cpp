#include "collectors/backup/logical_dump.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace pgvigil {
namespace {

class Collected final : public ByteSink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void finish() override { ended = true; }
  std::string text;
  bool ended = false;
};

SteadyTime soon() {
  return std::chrono::steady_clock::now() + std::chrono::minutes(1);
}

Command shell(const std::string& script) {
  return {{"/bin/sh", "-c", script}, {}, {}, {}};
}

TEST(DumpCommand, PutsNoPasswordIntoItsWords) {
  PgOptions source;
  source.conninfo = "host=db user=backup password=topsecret dbname=shop";
  source.password = Secret("evenmoresecret");
  for (const Command& command :
       {dump_command({"/bin", 15, ""}, source, "1-1"), globals_command({"/bin", 15, ""}, source, "shop")}) {
    for (const std::string& word : command.argv) {
      EXPECT_EQ(word.find("secret"), std::string::npos) << word;
      EXPECT_EQ(word.find("shop"), word == "--database=shop" ? 11 : std::string::npos) << word;
    }
    EXPECT_EQ(command.environment.at("PGPASSWORD"), "evenmoresecret");
    EXPECT_EQ(command.environment.at("PGDATABASE"), "shop");
  }
}

TEST(StreamOutput, FinishesTheSinkWhenTheProgramEndedWell) {
  Collected sink;
  int first = 0;
  stream_output(shell("printf one; printf two"), sink, soon(), {}, [&] { ++first; });
  EXPECT_EQ(sink.text, "onetwo");
  EXPECT_TRUE(sink.ended);
  EXPECT_EQ(first, 1);
}

TEST(StreamOutput, SaysFirstOutputAlsoWhenThereIsNone) {
  Collected sink;
  int first = 0;
  stream_output(shell("true"), sink, soon(), {}, [&] { ++first; });
  EXPECT_EQ(first, 1);
}

TEST(StreamOutput, NeverFinishesTheSinkOfAProgramThatFailed) {
  for (const char* script : {"printf half; echo no such table >&2; exit 1", "printf half; kill -9 $$"}) {
    Collected sink;
    try {
      stream_output(shell(script), sink, soon(), {});
      ADD_FAILURE() << script;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Error::Kind::rejected);
      EXPECT_EQ(std::string(error.what()).find("sh: "), 0U) << error.what();
    }
    EXPECT_EQ(sink.text, "half");
    EXPECT_FALSE(sink.ended);
  }
}

}  // namespace
}  // namespace pgvigil
