#include "alerts/message_template.h"

#include <gtest/gtest.h>

#include <limits>

namespace pgvigil {
namespace {

TemplateValues values_with(std::optional<double> value) {
  return {"shop", "db1", Level::critical, value, 0.8, {{"datname", "shop"}, {"state", "idle"}}};
}

std::string rendered(std::string_view text, std::optional<double> value = 12.5) {
  const auto parsed = MessageTemplate::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) return "refused: " + error->what;
  return std::get<MessageTemplate>(parsed).render(values_with(value));
}

TEST(MessageTemplate, PutsValuesInPlaceOfPlaceholders) {
  EXPECT_EQ(rendered("no placeholder"), "no placeholder");
  EXPECT_EQ(rendered("{{subject}} on {{ instance }}: {{level}}"), "shop on db1: critical");
  EXPECT_EQ(rendered("{{label.state}}/{{label.nobody}}/"), "idle//");
  EXPECT_EQ(rendered("{{value}} of {{threshold}}"), "12.5 of 0.8");
  EXPECT_EQ(rendered("}} { {{subject}}{{subject}}"), "}} { shopshop");
}

TEST(MessageTemplate, FiltersSayNumbersAsPeopleDo) {
  EXPECT_EQ(rendered("{{value|duration}}", 93), "1m33s");
  EXPECT_EQ(rendered("{{value | duration}}", 0.25), "250ms");
  EXPECT_EQ(rendered("{{value|percent}}", 0.934), "93.4%");
  EXPECT_EQ(rendered("{{value|bytes}}", 2048), "2.0 kB");
  EXPECT_EQ(rendered("{{threshold|percent}}"), "80%");
}

TEST(MessageTemplate, NoValueCanMakeItFail) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto* filter : {"", "|duration", "|percent", "|bytes"}) {
    const std::string text = std::string("{{value") + filter + "}}";
    EXPECT_EQ(rendered(text, std::nullopt), "no data");
    EXPECT_EQ(rendered(text, infinity), "inf");
    EXPECT_FALSE(rendered(text, 1e300).empty());
    EXPECT_FALSE(rendered(text, -1e300).empty());
    EXPECT_FALSE(rendered(text, -5).empty());
  }
}

TEST(MessageTemplate, RefusesAtLoadWhatItCouldNotRender) {
  for (const auto* text : {"{{subject", "{{}}", "{{nobody}}", "{{value|hours}}", "{{subject|bytes}}",
                           "{{value|bytes|percent}}", "{{label.}}", "{{label.x|bytes}}", "x {{ {{subject}}"}) {
    EXPECT_EQ(rendered(text).substr(0, 8), "refused:") << text;
  }
}

}  // namespace
}  // namespace pgvigil
