// The tasks' part of /metrics, from families to the bytes that a scrape gets.

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "core/child_process.h"
#include "exporter/metrics_page.h"
#include "exporter/text_format.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

std::string gunzip(const std::string& bytes) {
  const TempDir folder;
  return run({{"gzip", "-dc", folder.write("page.gz", bytes).string()}, {}, {}, {}}, 20s).text;
}

TEST(TextFormat, IsTheOnePrometheusReads) {
  const std::vector<Family> families{{"pg_size_bytes",
                                      "Size.\nSecond \\ line.",
                                      MetricType::gauge,
                                      {"datname", "kind"},
                                      {{{"a\"b\\c\nd", "x"}, 1.5}, {{"plain", ""}, 1e18}}},
                                     {"pg_calls_total", "Calls.", MetricType::counter, {}, {{{}, 7}}},
                                     {"pg_nothing", "Without samples.", MetricType::gauge, {}, {}}};
  EXPECT_EQ(render_text(families).text,
            "# HELP pg_size_bytes Size.\\nSecond \\\\ line.\n"
            "# TYPE pg_size_bytes gauge\n"
            "pg_size_bytes{datname=\"a\\\"b\\\\c\\nd\",kind=\"x\"} 1.5\n"
            "pg_size_bytes{datname=\"plain\",kind=\"\"} 1e+18\n"
            "# HELP pg_calls_total Calls.\n"
            "# TYPE pg_calls_total counter\n"
            "pg_calls_total 7\n");
}

TEST(TextFormat, WritesNumbersThatReadBackTheSame) {
  for (const double value :
       {0.1, 1.0 / 3, 9007199254740991.0, 123456789.125, -0.5, 1e300, std::numeric_limits<double>::denorm_min()}) {
    const std::string text = render_text({{"m", "h", MetricType::gauge, {}, {{{}, value}}}}).text;
    EXPECT_EQ(std::strtod(text.c_str() + text.rfind(' ') + 1, nullptr), value) << text;
  }
}

TEST(TextFormat, LeavesOutWhatIsNotKnown) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(render_text({{"m", "h", MetricType::gauge, {"a"}, {{{"x"}, unknown}, {{"y"}, 2}}},
                         {"n", "h", MetricType::gauge, {}, {{{}, unknown}}}})
                .text,
            "# HELP m h\n# TYPE m gauge\nm{a=\"y\"} 2\n");
}

TEST(TextFormat, MergesEqualSeriesAndCountsThem) {
  const RenderedText rendered =
      render_text({{"m", "h", MetricType::gauge, {"a"}, {{{"x"}, 1}, {{"y"}, 2}, {{"x"}, 3}}}});
  EXPECT_EQ(rendered.text, "# HELP m h\n# TYPE m gauge\nm{a=\"x\"} 1\nm{a=\"y\"} 2\n");
  EXPECT_EQ(rendered.duplicates, 1U);
}

TEST(GzipPages, AreOneMemberStitchedFromChunks) {
  std::string big;
  for (int i = 0; i < 20000; ++i) big += "line " + std::to_string(i * 7919) + "\n";
  const std::vector<ChunkPtr> chunks{make_chunk("first\n"), make_chunk(""), make_chunk(big), make_chunk("last\n")};
  EXPECT_EQ(gunzip(gzip_of(chunks)), "first\n" + big + "last\n");
  EXPECT_LT(gzip_of(chunks).size(), big.size() / 3);
  EXPECT_EQ(gunzip(gzip_of({})), "");
}

class MetricsPages : public testing::Test {
 protected:
  static SnapshotPtr snapshot(const std::string& task, SteadyTime taken_at, double value) {
    auto result = std::make_shared<Snapshot>();
    result->task = task;
    result->taken_at = taken_at;
    result->valid_for = 60s;
    result->families = {{"m_" + task, "h", MetricType::gauge, {}, {{{}, value}}}};
    return result;
  }
  std::string text(SteadyTime now) const {
    std::string result;
    for (const ChunkPtr& chunk : page_.current(now)) result += chunk->text;
    return result;
  }
  MetricsPage page_;
  const SteadyTime start_{1000h};
};

TEST_F(MetricsPages, ShowTheNewestOfEachTask) {
  page_.update(snapshot("a", start_, 1));
  page_.update(snapshot("b", start_, 2));
  page_.update(snapshot("a", start_, 3));
  EXPECT_EQ(text(start_), "# HELP m_a h\n# TYPE m_a gauge\nm_a 3\n# HELP m_b h\n# TYPE m_b gauge\nm_b 2\n");
}

TEST_F(MetricsPages, LeaveOutWhatIsTooOld) {
  page_.update(snapshot("old", start_, 1));
  page_.update(snapshot("new", start_ + 30s, 2));
  EXPECT_NE(text(start_ + 60s).find("m_old"), std::string::npos);
  EXPECT_EQ(text(start_ + 61s).find("m_old"), std::string::npos);
  EXPECT_NE(text(start_ + 61s).find("m_new"), std::string::npos);
}

TEST_F(MetricsPages, ForgetTasksThatAreNoMore) {
  page_.update(snapshot("gone", start_, 1));
  page_.update(snapshot("kept", start_, 2));
  page_.retain({"kept"});
  EXPECT_EQ(text(start_).find("m_gone"), std::string::npos);
}

}  // namespace
}  // namespace pgvigil
