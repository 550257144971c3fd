#include "core/local_store.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

class LocalStores : public testing::Test {
 protected:
  std::int64_t count(LocalStore& store) {
    std::int64_t result = -1;
    store.transaction([&](LocalStore::Transaction& transaction) {
      auto rows = transaction.prepare("SELECT count(*) FROM thing");
      rows.step();
      result = rows.integer(0);
    });
    return result;
  }
  TempDir folder_;
  std::filesystem::path file_ = folder_ / "store.db";
};

const std::vector<std::string> first_schema{"CREATE TABLE thing (name TEXT, value INTEGER)"};

TEST_F(LocalStores, KeepWhatWasCommittedAndNothingElse) {
  {
    LocalStore store(file_);
    store.migrate("test", first_schema);
    store.transaction(
        [](auto& t) { t.prepare("INSERT INTO thing VALUES (?, ?)").bind("kept").bind(std::int64_t{1}).step(); });
    EXPECT_THROW(store.transaction([](auto& t) {
      t.prepare("INSERT INTO thing VALUES (?, ?)").bind("lost").bind(std::nullopt).step();
      throw std::runtime_error("in the middle");
    }),
                 std::runtime_error);
    EXPECT_EQ(count(store), 1);
  }
  LocalStore again(file_);
  EXPECT_EQ(count(again), 1);
}

TEST_F(LocalStores, BringEachPartsTablesForward) {
  {
    LocalStore store(file_);
    store.migrate("test", first_schema);
    store.transaction([](auto& t) { t.execute("INSERT INTO thing VALUES ('old', 1)"); });
  }
  LocalStore store(file_);
  auto steps = first_schema;
  steps.emplace_back("ALTER TABLE thing ADD COLUMN extra TEXT DEFAULT 'new'");
  store.migrate("test", steps);
  store.migrate("test", steps);
  store.transaction([](auto& t) {
    auto rows = t.prepare("SELECT name, extra FROM thing");
    ASSERT_TRUE(rows.step());
    EXPECT_EQ(rows.text(0), "old");
    EXPECT_EQ(rows.text(1), "new");
  });
}

TEST_F(LocalStores, RefuseTablesOfANewerProgram) {
  LocalStore store(file_);
  store.migrate("test", {first_schema[0], "CREATE TABLE more (a)"});
  EXPECT_THROW(store.migrate("test", first_schema), Error);
}

TEST_F(LocalStores, SayThatAFileIsDamaged) {
  folder_.write("store.db", std::string(8192, 'x'));
  try {
    const LocalStore store(file_);
    FAIL() << "a damaged file was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::invalid);
    EXPECT_NE(std::string(error.what()).find("store.db"), std::string::npos);
  }
  EXPECT_THROW(LocalStore("/nonexistent/store.db"), Error);
}

TEST_F(LocalStores, ReadWithoutWaitingForAWriter) {
  LocalStore store(file_);
  store.migrate("test", first_schema);
  store.transaction([&](auto& writer) {
    writer.execute("INSERT INTO thing VALUES ('not committed yet', 1)");
    store.read([](auto& reader) {
      auto rows = reader.prepare("SELECT count(*) FROM thing");
      rows.step();
      EXPECT_EQ(rows.integer(0), 0);
    });
  });
  store.read([](auto& reader) {
    auto rows = reader.prepare("SELECT count(*) FROM thing");
    rows.step();
    EXPECT_EQ(rows.integer(0), 1);
  });
  EXPECT_THROW(store.read([](auto& reader) { reader.execute("DELETE FROM thing"); }), Error);
}

TEST_F(LocalStores, TellTheObserverOfEveryStepThatWrites) {
  LocalStore store(file_);
  store.migrate("test", first_schema);
  int steps = 0;
  store.observe_steps([&] { ++steps; });
  store.transaction([](auto& t) { t.execute("INSERT INTO thing VALUES ('a', 1)"); });
  EXPECT_GE(steps, 2);  // the insert and the commit
}

}  // namespace
}  // namespace pgvigil
