#include "collectors/query_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ColumnsOfAQuery : public testing::Test {
 protected:
  void SetUp() override {
    Problems problems;
    auto section = Section::parse(R"(
name: app
help: x
metric_prefix: app
variants: [{ query: SELECT 1 }]
columns:
  kind: { usage: label }
  age: { usage: gauge, help: x }
  note: { usage: discard }
  new: { usage: gauge, help: x, server: ">=17" }
)",
                                  "app.yaml", problems);
    entry_ = decode_catalog_entry(*section);
  }
  CatalogEntry entry_;
  const ResultColumn kind_{"kind", 25, "text"};
  const ResultColumn age_{"age", 701, "double precision"};
  const ResultColumn note_{"note", 25, "text"};
};

TEST_F(ColumnsOfAQuery, AreTheDeclaredOnes) {
  EXPECT_THAT(compare_columns(entry_, 150000, {kind_, age_, note_}), IsEmpty());
  EXPECT_THAT(compare_columns(entry_, 150000, {note_, age_, kind_}), IsEmpty());
}

TEST_F(ColumnsOfAQuery, AreComparedBothWaysForTheServersVersion) {
  EXPECT_THAT(compare_columns(entry_, 170000, {kind_, age_, note_}),
              ElementsAre("the query does not return the declared column new"));
  EXPECT_THAT(compare_columns(entry_, 150000, {kind_, age_, note_, {"new", 20, "bigint"}}),
              ElementsAre(HasSubstr("returns the column new, which is not declared")));
  EXPECT_THAT(compare_columns(entry_, 150000, {kind_, kind_, age_, note_}),
              ElementsAre("the query returns the column kind more than once"));
}

TEST_F(ColumnsOfAQuery, MustBeNumbersWhereTheyAreValues) {
  const auto as = [&](unsigned type, const std::string& name) {
    return compare_columns(entry_, 150000, {kind_, {"age", type, name}, note_});
  };
  EXPECT_THAT(as(25, "text"),
              ElementsAre("the column age is text, not a number: cast it to a number, such as age::float8"));
  EXPECT_THAT(as(1186, "interval"), ElementsAre(HasSubstr("use EXTRACT(EPOCH FROM age)")));
  EXPECT_THAT(as(3220, "pg_lsn"), ElementsAre(HasSubstr("use pg_wal_lsn_diff(age, '0/0')")));
  for (const unsigned numeric : {16U, 20U, 21U, 23U, 26U, 700U, 1114U, 1184U, 1700U})
    EXPECT_THAT(as(numeric, ""), IsEmpty());
}

}  // namespace
}  // namespace pgvigil
