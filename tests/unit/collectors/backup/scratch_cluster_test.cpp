#include "collectors/backup/scratch_cluster.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

TEST(ScratchSocketFolder, IsInTheTemporaryFolder) {
  EXPECT_EQ(scratch_socket_folder("/var/tmp", "run"), "/var/tmp/pgvigil-run");
}

TEST(ScratchSocketFolder, NeverMakesASocketPathThatIsTooLong) {
  const std::string run = "20261121T020000Z-1f0c9a3e";
  for (std::size_t length = 1; length < 200; ++length) {
    const auto folder = scratch_socket_folder("/" + std::string(length, 'x'), run);
    EXPECT_LE((folder / ".s.PGSQL.5432").string().size(), 107U);
  }
}

}  // namespace
}  // namespace pgvigil
