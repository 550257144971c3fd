#include "core/yaml_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class Sections : public testing::Test {
 protected:
  Section parse(const std::string& yaml) { return Section::parse(yaml, "f.yaml", problems_).value(); }
  Problems problems_;
};

TEST_F(Sections, ReadEachTypeStrictly) {
  Section section = parse("every: 15s\nsize: 10MB\nratio: 80%\ncount: 12\non: true\nname: x y\n");
  EXPECT_EQ(section.duration("every", 1s, 1s, 1h), 15s);
  EXPECT_EQ(section.size("size", 0), 10 << 20);
  EXPECT_DOUBLE_EQ(section.number("ratio", 0), 0.8);
  EXPECT_EQ(section.integer("count", 0, 0, 100), 12);
  EXPECT_TRUE(section.boolean("on", false));
  EXPECT_EQ(section.text("name"), "x y");
  section.finish();
  EXPECT_THAT(problems_.lines(), IsEmpty());
}

TEST_F(Sections, SayWhereAValueIsWrongAndWhatIsAllowed) {
  Section section = parse("every: 15\ncount: 010\non: yes\nsize: [1]\n");
  section.duration("every", 1s, 1s, 1h);
  section.integer("count", 0, 0, 100);
  section.boolean("on", false);
  section.size("size", 0);
  EXPECT_THAT(problems_.lines(),
              ElementsAre("f.yaml:1:8: '15' is not a duration such as 15s, 5m, 1h30m or 7d",
                          "f.yaml:2:8: '010' is not a whole number", "f.yaml:3:5: 'yes' is not true or false",
                          "f.yaml:4:7: a list where a text is expected"));
}

TEST_F(Sections, KeepValuesInTheirRange) {
  Section section = parse("connections: 500\ntimeout: 1ms\n");
  EXPECT_EQ(section.integer("connections", 3, 2, 20), 3);
  EXPECT_EQ(section.duration("timeout", 2s, 1s, 1min), 2s);
  EXPECT_THAT(problems_.lines(), ElementsAre("f.yaml:1:14: connections is 500; allowed is 2 to 20",
                                             "f.yaml:2:10: timeout is 1ms; allowed is 1s to 1m"));
}

TEST_F(Sections, GuessWhatAnUnknownKeyWasMeantToBe) {
  Section section = parse("intervall: 5s\nzebra: 1\n");
  section.duration("interval", 1s, 1s, 1h);
  section.finish();
  EXPECT_THAT(problems_.lines(), ElementsAre("f.yaml:1:1: unknown key 'intervall' (did you mean interval?)",
                                             "f.yaml:2:1: unknown key 'zebra'; allowed is interval"));
}

TEST_F(Sections, ReportADuplicateKeyWhichYamlCppAccepts) {
  parse("a: 1\nb: 2\na: 3\n");
  EXPECT_THAT(problems_.lines(), ElementsAre("f.yaml:3:1: a: this key stands here twice"));
}

TEST_F(Sections, PlaceAnEmptyValueAtItsKey) {
  Section section = parse("first:\nsecond: 1\n");
  section.text("first");
  EXPECT_THAT(problems_.lines(), ElementsAre("f.yaml:1:1: nothing where a text is expected"));
}

TEST_F(Sections, TakeValuesFromTheEnvironment) {
  ::setenv("PGVIGIL_TEST_VALUE", "from outside", 1);
  Section section = parse("a: 'x ${PGVIGIL_TEST_VALUE} y'\nb: $${NOT_A_VARIABLE}\nc: ${PGVIGIL_TEST_UNSET}\n");
  EXPECT_EQ(section.text("a"), "x from outside y");
  EXPECT_EQ(section.text("b"), "${NOT_A_VARIABLE}");
  EXPECT_EQ(section.text("c", "fallback"), "fallback");
  EXPECT_THAT(problems_.lines(), ElementsAre("f.yaml:3:4: the environment variable PGVIGIL_TEST_UNSET is not set"));
}

TEST_F(Sections, ReadASecretFromItsFile) {
  const TempDir folder;
  folder.write("key", "s3cret\n");
  const auto file = folder.write("f.yaml", "key_file: key\nboth: a\nboth_file: key\ngone_file: nowhere\n");
  Section section = Section::load(file, problems_).value();
  EXPECT_EQ(section.secret("key").reveal(), "s3cret");
  section.secret("both");
  section.secret("gone");
  ASSERT_EQ(problems_.lines().size(), 2U);
  EXPECT_THAT(problems_.lines()[0], HasSubstr("both both and both_file are given"));
  EXPECT_THAT(problems_.lines()[1], testing::AllOf(HasSubstr(":4:12: cannot open"), HasSubstr("nowhere")));
}

TEST_F(Sections, ListAllThatIsAllowedForAChoice) {
  Section section = parse("level: loud\n");
  EXPECT_EQ(section.choice("level", "info", {"debug", "info"}), "info");
  EXPECT_THAT(problems_.lines(), ElementsAre("f.yaml:1:8: level is 'loud'; allowed is debug, info"));
}

TEST_F(Sections, ReportWhatIsNoYamlOrNoMap) {
  EXPECT_FALSE(Section::parse("a: [1\nb: 2\n", "f.yaml", problems_));
  EXPECT_FALSE(Section::parse("- a\n", "f.yaml", problems_));
  EXPECT_FALSE(Section::load("/nonexistent/pgvigil.yaml", problems_));
  ASSERT_EQ(problems_.lines().size(), 3U);
  EXPECT_THAT(problems_.lines()[0], HasSubstr("not YAML"));
  EXPECT_THAT(problems_.lines()[1], HasSubstr("a map (key: value) is expected"));
  EXPECT_THAT(problems_.lines()[2], HasSubstr("/nonexistent/pgvigil.yaml:1:1: cannot open"));
}

TEST_F(Sections, RefuseASecondDocumentAndAnEmptySecret) {
  Section section = parse("key: ''\n---\nignored: 1\n");
  section.secret("key");
  EXPECT_THAT(problems_.lines(), ElementsAre(HasSubstr("a second document begins here"), "f.yaml:1:6: key is empty"));
}

TEST_F(Sections, NeverPrintWhatAVariableStandsFor) {
  ::setenv("PGVIGIL_TEST_SECRET", "hunter2", 1);
  Section section = parse("level: ${PGVIGIL_TEST_SECRET}\ncount: ${PGVIGIL_TEST_SECRET}\n");
  section.choice("level", "info", {"debug", "info"});
  section.integer("count", 0, 0, 1);
  EXPECT_THAT(problems_.lines(),
              ElementsAre(HasSubstr("'${PGVIGIL_TEST_SECRET}'"), HasSubstr("'${PGVIGIL_TEST_SECRET}'")));
}

TEST_F(Sections, SurviveHostileInput) {
  for (const std::string& yaml :
       {std::string(100000, '['), std::string("&a [*a]"), std::string("\0\0", 2), std::string("? [1]\n: 2\n"),
        std::string("a: !!binary x\n<<: {b: 1}\n"), std::string("\xff\xfe\xfd")}) {
    auto section = Section::parse(yaml, "f.yaml", problems_);
    if (section) section->finish();
  }
}

}  // namespace
}  // namespace pgvigil
