#include "collectors/backup/globals_script.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

TEST(GlobalsForScratch, KeepsRolesAndMemberships) {
  const std::string script =
      "--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict abc\n\nSET standard_conforming_strings = on;\n\n"
      "CREATE ROLE shop_owner;\nALTER ROLE shop_owner WITH NOSUPERUSER LOGIN;\nGRANT pg_monitor TO "
      "shop_owner;\n\n\\unrestrict abc\n";
  EXPECT_EQ(globals_for_scratch(script, "postgres"), script);
}

TEST(GlobalsForScratch, DoesNotMakeTheFirstRoleASecondTime) {
  EXPECT_EQ(globals_for_scratch("CREATE ROLE postgres;\nALTER ROLE postgres WITH SUPERUSER;\n", "postgres"),
            "\nALTER ROLE postgres WITH SUPERUSER;\n");
  EXPECT_EQ(globals_for_scratch("CREATE ROLE \"The \"\"Boss\"\"\";\n", "The \"Boss\""), "\n");
  EXPECT_EQ(globals_for_scratch("CREATE ROLE postgres_reader;\n", "postgres"), "CREATE ROLE postgres_reader;\n");
}

TEST(GlobalsForScratch, LeavesTheRealServersTablespacesAlone) {
  const std::string script =
      "CREATE TABLESPACE fast OWNER postgres LOCATION '/srv/pg;x';\n"
      "ALTER TABLESPACE fast SET (random_page_cost=1);\n"
      "COMMENT ON TABLESPACE fast IS 'two\nlines; CREATE ROLE evil;\nend';\n"
      "GRANT ALL ON TABLESPACE fast TO shop;\n"
      "CREATE ROLE shop;\n";
  EXPECT_EQ(globals_for_scratch(script, "postgres"), "\n\n\n\nCREATE ROLE shop;\n");
}

TEST(GlobalsForScratch, ReadsQuotesAsPostgresDoes) {
  const std::string script =
      "-- User Config \"o'brien\"\n"
      "COMMENT ON ROLE shop IS 'it''s; not\nCREATE TABLESPACE x;';\n"
      "ALTER ROLE \"semi;colon\" SET search_path TO 'a', '\"b\"';\n";
  EXPECT_EQ(globals_for_scratch(script, "postgres"), script);
}

TEST(GlobalsForScratch, EndsWithAScriptThatEndsEarly) {
  for (const char* script : {"", "CREATE ROLE x", "COMMENT ON ROLE x IS 'open", "--", "\\restrict"}) {
    EXPECT_EQ(globals_for_scratch(script, "postgres"), script);
  }
}

}  // namespace
}  // namespace pgvigil
