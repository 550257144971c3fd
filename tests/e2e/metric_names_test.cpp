// What the agent really serves is what docs/metrics.md and the consistency tests take for all there is.

#include <gtest/gtest.h>

#include <regex>

#include "tests/support/agent.h"

namespace pgvigil {
namespace {

TEST(MetricNames, EveryFamilyOnThePageIsDocumented) {
  const PgCluster cluster;
  const TempDir store(TempDir::Access::readable_by_all);
  Agent agent(
      cluster,
      "alerts: { channels: [ { name: slack, kind: slack, webhook_url: 'http://127.0.0.1:1/x', allow_http: true } ] }\n"
      "backups: [ { name: shop, database: postgres, schedule: '0 2 * * *', folder: '" +
          store.path().string() + "' } ]\n");
  agent.start();
  ASSERT_TRUE(eventually(milliseconds(60000), [&] { return agent.value("pg_up") == 1; }));
  ASSERT_TRUE(eventually(milliseconds(60000), [&] { return agent.value("pgvigil_backup_age_seconds") >= 0; }));

  const std::string document = slurp(std::filesystem::path(SOURCE_DIR) / "docs" / "metrics.md");
  const std::string page = agent.metrics();
  static const std::regex type_line("# TYPE ([^ ]+) ");
  int families = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), type_line), end; at != end; ++at, ++families) {
    const std::string name = (*at)[1];
    EXPECT_TRUE(name.starts_with("pg_settings_") || document.find("`" + name + "`") != std::string::npos) << name;
  }
  EXPECT_GT(families, 100);
}

}  // namespace
}  // namespace pgvigil
