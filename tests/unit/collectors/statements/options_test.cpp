#include "collectors/statements/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/headroom/disk_space_task.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CollectorSections : public testing::Test {
 protected:
  Section parse(const std::string& yaml) { return *Section::parse(yaml, "c.yaml", problems_); }
  Problems problems_;
};

TEST_F(CollectorSections, OfStatementsAreBoundedAndWithoutTextsUnlessAskedFor) {
  Section empty = parse("{}");
  const StatementOptions options = decode_statements(empty);
  EXPECT_EQ(options.top, 50U);
  EXPECT_EQ(options.statements, 200U);
  EXPECT_FALSE(options.texts);
  Section some = parse("{ top: 10, max: 0, texts: true, text_bytes: 200 }");
  const StatementOptions other = decode_statements(some);
  EXPECT_EQ(other.top, 10U);
  EXPECT_EQ(other.statements, 0U);
  EXPECT_TRUE(other.texts);
  EXPECT_EQ(other.text_bytes, 200U);
  EXPECT_TRUE(problems_.empty());
}

TEST_F(CollectorSections, OfStatementsReportMistakes) {
  Section section = parse("{ top: 0, text: true }");
  decode_statements(section);
  EXPECT_THAT(problems_.lines(), ElementsAre(HasSubstr("top"), HasSubstr("unknown key 'text' (did you mean texts?)")));
}

TEST_F(CollectorSections, OfDiskSpaceNameFolders) {
  Section section = parse("{ data_directory: /srv/data, wal_directory: /srv/wal }");
  const DiskSpaceOptions options = decode_disk_space(section);
  EXPECT_EQ(options.data_directory, "/srv/data");
  EXPECT_EQ(options.wal_directory, "/srv/wal");
  EXPECT_TRUE(problems_.empty());
}

}  // namespace
}  // namespace pgvigil
