#include "exporter/sample_file.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pgvigil {
namespace {

std::vector<Family> read(std::string_view text) {
  auto result = read_samples(text);
  if (const auto* error = std::get_if<SampleFileError>(&result)) ADD_FAILURE() << error->line << ": " << error->what;
  return std::get<std::vector<Family>>(std::move(result));
}

SampleFileError refused(std::string_view text) {
  const auto result = read_samples(text);
  const auto* error = std::get_if<SampleFileError>(&result);
  if (error == nullptr) ADD_FAILURE() << text << " was accepted";
  return error == nullptr ? SampleFileError{} : *error;
}

TEST(SampleFile, ReadsWhatThePageShows) {
  const auto families = read(R"(# HELP pg_up Whether the server answers.
# TYPE pg_up gauge
pg_up 1
m{a="x",b="say \"hi\" {to} \\ all"} 2.5e3 1700000000
m{a="y"} +Inf
)");
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].name, "m");
  EXPECT_EQ(families[0].label_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(families[0].samples[0].label_values[1], R"(say "hi" {to} \ all)");
  EXPECT_EQ(families[0].samples[0].value, 2500);
  EXPECT_EQ(families[0].samples[1].label_values[1], "");
  EXPECT_TRUE(std::isinf(families[0].samples[1].value));
  EXPECT_EQ(families[1].samples.front().value, 1);
}

TEST(SampleFile, AValueThatIsNoNumberIsNotKnown) {
  EXPECT_TRUE(std::isnan(read("m NaN").at(0).samples.front().value));
}

TEST(SampleFile, SaysInWhichLineTheMistakeIs) {
  EXPECT_EQ(refused("a 1\nb{x=\"y\" 2\n").line, 2U);
  EXPECT_EQ(refused("\n\na\n").line, 3U);
  EXPECT_EQ(refused("a one").line, 1U);
  EXPECT_EQ(refused("a + b 1").line, 1U);
}

}  // namespace
}  // namespace pgvigil
