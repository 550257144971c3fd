#include "core/file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

TEST(Files, AreWrittenWholeOrNotAtAll) {
  const TempDir folder;
  write_file_durably(folder / "a", "first");
  write_file_durably(folder / "a", "second");
  EXPECT_EQ(read_file(folder / "a"), "second");
  EXPECT_THROW(write_file_durably(folder / "missing/a", "x"), Error);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, AreNeverOverwrittenByARename) {
  const TempDir folder;
  folder.write("from", "new");
  folder.write("to", "old");
  EXPECT_THROW(rename_durably(folder / "from", folder / "to"), Error);
  EXPECT_EQ(read_file(folder / "to"), "old");
  EXPECT_EQ(read_file(folder / "from"), "new");
  EXPECT_THROW(create_file(folder / "to"), Error);
}

TEST(Files, AreLockedForOneHolder) {
  const TempDir folder;
  {
    const Fd first = lock_file(folder / "lock");
    EXPECT_THROW(lock_file(folder / "lock"), Error);
  }
  EXPECT_TRUE(lock_file(folder / "lock"));
}

TEST(Files, AreReadUpToALimit) {
  const TempDir folder;
  folder.write("big", std::string(1000, 'x'));
  EXPECT_EQ(read_file(folder / "big", 1000).size(), 1000U);
  EXPECT_THROW(read_file(folder / "big", 999), Error);
  EXPECT_THROW(read_file(folder / "none"), Error);
  EXPECT_THROW(read_file(folder.path()), Error);
}

}  // namespace
}  // namespace pgvigil
