#include "collectors/headroom/disk_space.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000h};

double value(const std::vector<Family>& families, const std::string& name, const std::string& mount) {
  for (const Family& family : families) {
    if (family.name != name) continue;
    for (const auto& sample : family.samples) {
      if (sample.label_values.back() == mount) return sample.value;
    }
  }
  return -1;
}

TEST(DiskSpace, IsToldForEachFileSystemOnce) {
  DiskSpace space;
  const auto families = space.observe(start, {{"data", {"/srv", 1000, 400}}, {"wal", {"/srv", 1000, 400}}});
  EXPECT_EQ(families.at(0).samples.size(), 2U);  // which directory is where
  EXPECT_EQ(families.at(1).samples.size(), 1U);
  EXPECT_EQ(value(families, "pg_disk_size_bytes", "/srv"), 1000);
  EXPECT_EQ(value(families, "pg_disk_free_bytes", "/srv"), 400);
  EXPECT_TRUE(std::isnan(value(families, "pg_disk_full_estimated_seconds", "/srv")));
}

TEST(DiskSpace, IsEstimatedToLastAsLongAsItFillsLikeLately) {
  DiskSpace space;
  std::vector<Family> families;
  for (int minute = 0; minute <= 20; ++minute) {
    const double used = 60.0 * minute;
    families = space.observe(start + minute * 1min,
                             {{"data", {"/data", 1e6, 1e6 - 2 * used}}, {"wal", {"/wal", 1e6, 5e5 + used}}});
  }
  EXPECT_NEAR(value(families, "pg_disk_full_estimated_seconds", "/data"), (1e6 - 2400) / 2, 1);
  EXPECT_TRUE(std::isnan(value(families, "pg_disk_full_estimated_seconds", "/wal")));  // it gets emptier
}

TEST(FileSystem, IsFoundForAFolder) {
  const TempDir folder;
  const FileSystemAnswer answer = file_system_of(folder.path());
  ASSERT_TRUE(answer.found) << answer.problem;
  EXPECT_GT(answer.found->size, 0);
  EXPECT_LE(answer.found->free, answer.found->size);
  EXPECT_TRUE(folder.path().string().starts_with(answer.found->mount));
  EXPECT_EQ(file_system_of("/proc").found.value_or(FileSystem{}).mount, "/proc");
}

TEST(FileSystem, OfAFolderThatIsNotThereHasAReason) {
  const FileSystemAnswer answer = file_system_of("/no/such/folder");
  EXPECT_FALSE(answer.found);
  EXPECT_NE(answer.problem.find("/no/such/folder: "), std::string::npos);
}

}  // namespace
}  // namespace pgvigil
