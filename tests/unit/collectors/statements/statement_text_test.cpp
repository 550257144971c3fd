#include "collectors/statements/statement_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace pgvigil {
namespace {

struct Hiding {
  const char* sql;
  const char* shown;
};
class Literals : public testing::TestWithParam<Hiding> {};

TEST_P(Literals, AreHidden) {
  EXPECT_EQ(hide_literals(GetParam().sql), GetParam().shown);
}

const std::vector<Hiding> hidings{
    {"SELECT a FROM t WHERE b = $1", "SELECT a FROM t WHERE b = $1"},
    {"ALTER ROLE x PASSWORD 'secret'", "ALTER ROLE x PASSWORD '…'"},
    {"SELECT 'it''s secret', 1", "SELECT '…', 1"},
    {R"(SELECT E'a\'secret', 1)", "SELECT E'…', 1"},
    {R"(SELECT 'c:\', 'secret')", "SELECT '…', '…'"},  // standard strings: a backslash is a backslash
    {"DO $$ secret $$; SELECT $1", "DO $…$; SELECT $1"},
    {"DO $body$ $1 secret $$ $body$", "DO $…$"},
    {"ALTER ROLE x PASSWORD 'secr", "ALTER ROLE x PASSWORD '…'"},  // cut
    {"DO $$ secr", "DO $…$"},
    {"SELECT \"it's\" FROM t -- don't\n, 'secret'", "SELECT \"it's\" FROM t -- don't\n, '…'"},
    {"SELECT /* /* don't */ 'x' */ 'secret'", "SELECT /* /* don't */ 'x' */ '…'"},
    {"SELECT a$b$c, 'secret'", "SELECT a$b$c, '…'"},  // a name with dollars
    {"SELECT $1$2", "SELECT $1$2"},
    {"'", "'…'"},
    {"E", "E"},
    {"/*", "/*"},
    {"", ""},
};
INSTANTIATE_TEST_SUITE_P(All, Literals, testing::ValuesIn(hidings));

TEST(PrintableText, IsValidUtf8WithoutControlCharacters) {
  EXPECT_EQ(printable_utf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x98"), "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x98");
  EXPECT_EQ(printable_utf8("a\x01\x1b[31m\x7f"), "a  [31m ");
  EXPECT_EQ(printable_utf8("a\xC2\x85z"), "a z");                                 // a C1 control character
  EXPECT_EQ(printable_utf8("\xFFx"), "\xEF\xBF\xBDx");                            // never valid
  EXPECT_EQ(printable_utf8("\xC3"), "\xEF\xBF\xBD");                              // cut
  EXPECT_EQ(printable_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");              // overlong
  EXPECT_EQ(printable_utf8("\xED\xA0\x80").find("\xED"), std::string::npos);      // a surrogate
  EXPECT_EQ(printable_utf8("\xF4\x90\x80\x80").find("\xF4"), std::string::npos);  // beyond U+10FFFF
}

TEST(StatementText, IsOneLineOfAtMostSoManyBytes) {
  EXPECT_EQ(statement_text("SELECT\n\t a,\r\n  b", 100), "SELECT a, b");
  EXPECT_LE(statement_text(std::string(10U << 20U, 'x'), 1000).size(), 1000U);
  EXPECT_EQ(statement_text("SELECT \xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", 12), "SELECT …");
}

TEST(StatementText, TakesAnyBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string raw(random() % 40, ' ');
    constexpr std::string_view likely = "'\"$-/*\\Ee1a\n";
    for (char& c : raw) c = random() % 3 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
    const std::string text = statement_text(raw, 60);
    EXPECT_LE(text.size(), 60U);
    EXPECT_EQ(printable_utf8(text), text);
  }
}

}  // namespace
}  // namespace pgvigil
