#include "collectors/backup/folder_store.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

Manifest manifest_of(const std::string& id, int finished) {
  Manifest manifest;
  manifest.id = id;
  manifest.finished = WallTime(seconds(finished));
  return manifest;
}

void write_object(PartialSet& set, const std::string& name, std::string_view text) {
  const auto sink = set.create(name);
  sink->write(text);
  sink->finish();
}

class FolderStoreTest : public testing::Test {
 protected:
  TempDir dir_;
  FolderStore store_{dir_.path(), "shop"};
};

TEST_F(FolderStoreTest, BeforeTheFirstBackupThereIsNone) {
  EXPECT_TRUE(store_.ids().empty());
}

TEST_F(FolderStoreTest, ASetIsABackupWhenItsManifestIsThere) {
  const auto set = store_.begin("one");
  write_object(*set, "shop.dump.zst", "rows");
  EXPECT_TRUE(store_.ids().empty());
  set->commit(manifest_of("one", 1));
  EXPECT_EQ(store_.ids(), std::vector<std::string>{"one"});
  EXPECT_EQ(store_.manifest("one").id, "one");
  EXPECT_EQ(slurp(dir_ / "shop/one/shop.dump.zst"), "rows");
}

TEST_F(FolderStoreTest, AnUnfinishedObjectHasAPartialNameOnly) {
  const auto set = store_.begin("one");
  const auto sink = set->create("shop.dump.zst");
  sink->write("half of the rows");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "shop/one/shop.dump.zst"));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "shop/one/shop.dump.zst.partial"));
}

TEST_F(FolderStoreTest, ASetThatIsNotCommittedLeavesNothing) {
  {
    const auto set = store_.begin("one");
    write_object(*set, "shop.dump.zst", "rows");
    const auto sink = set->create("globals.sql");
    sink->write("half");
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "shop"));
}

TEST_F(FolderStoreTest, ACommittedSetHoldsNothingButItsObjectsAndItsManifest) {
  {
    const auto set = store_.begin("one");
    write_object(*set, "globals.sql", "roles");
    set->commit(manifest_of("one", 1));
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_ / "shop/one"))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"globals.sql", "manifest.json"}));
}

TEST_F(FolderStoreTest, NeverWritesIntoAFolderThatIsThereAlready) {
  dir_.write("shop/one/notes.txt", "mine");
  EXPECT_THROW(store_.begin("one"), Error);
  EXPECT_EQ(slurp(dir_ / "shop/one/notes.txt"), "mine");
}

TEST_F(FolderStoreTest, ManifestsComeInTheOrderOfTheirTimeNotOfTheirNames) {
  store_.begin("b")->commit(manifest_of("b", 100));
  store_.begin("a")->commit(manifest_of("a", 300));
  store_.begin("c")->commit(manifest_of("c", 200));
  std::string order;
  for (const Manifest& manifest : manifests(store_)) order += manifest.id;
  EXPECT_EQ(order, "bca");
}

TEST_F(FolderStoreTest, AManifestThatCannotBeReadIsLeftOut) {
  store_.begin("good")->commit(manifest_of("good", 1));
  dir_.write("shop/broken/manifest.json", "{\"format\": 1");
  dir_.write("shop/moved/manifest.json", slurp(dir_ / "shop/good/manifest.json"));
  ASSERT_EQ(manifests(store_).size(), 1U);
  EXPECT_EQ(manifests(store_).front().id, "good");
}

TEST_F(FolderStoreTest, AStoreThatCannotBeListedIsNotAnEmptyOne) {
  dir_.write("shop", "a file where the folder should be");
  EXPECT_THROW(store_.ids(), Error);
}

TEST_F(FolderStoreTest, ObjectsCannotLeaveTheirSet) {
  const auto set = store_.begin("one");
  for (const char* name : {"", "../x", "a/b", ".hidden", "manifest.json"})
    EXPECT_THROW(set->create(name), Error) << name;
}

}  // namespace
}  // namespace pgvigil
