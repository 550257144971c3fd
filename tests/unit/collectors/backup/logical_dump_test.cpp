#include "collectors/backup/logical_dump.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

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
       {dump_command({"/bin", 15, ""}, source, "shop", "1-1"), globals_command({"/bin", 15, ""}, source, "shop")}) {
    for (const std::string& word : command.argv) {
      EXPECT_EQ(word.find("secret"), std::string::npos) << word;
    }
    EXPECT_EQ(command.environment.at("PGPASSWORD"), "evenmoresecret");
    EXPECT_EQ(command.environment.at("PGDATABASE"), "shop");
  }
}

bool has_word(const Command& command, const std::string& word) {
  return std::find(command.argv.begin(), command.argv.end(), word) != command.argv.end();
}

TEST(DumpCommand, NamesTheDatabaseSoThatItIsTakenForNoConnectionString) {
  const PgOptions source;
  const PgTools tools{"/bin", 15, ""};
  for (const auto& [database, conninfo] :
       std::map<std::string, std::string>{{"shop", "dbname='shop'"},
                                          {"a=b 'c\"", R"(dbname='a=b \'c"')"},
                                          {R"(back\slash)", R"(dbname='back\\slash')"},
                                          {"Bücher", "dbname='Bücher'"}}) {
    EXPECT_TRUE(has_word(dump_command(tools, source, database, "1-1"), "--dbname=" + conninfo)) << database;
    EXPECT_TRUE(has_word(globals_command(tools, source, database), "--database=" + conninfo)) << database;
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
