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

std::string joined(const std::vector<Bytes>& parts) {
  std::string result;
  for (const Bytes& part : parts) result += *part;
  return result;
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
  const auto chunk = [](std::string_view text) { return make_chunk(text, Encoding::gzip); };
  const std::vector<ChunkPtr> chunks{chunk("first\n"), chunk(""), chunk(big), chunk("last\n")};
  const std::string page = joined(page_of(chunks, Encoding::gzip));
  EXPECT_EQ(gunzip(page), "first\n" + big + "last\n");
  EXPECT_LT(page.size(), big.size() / 3);
  EXPECT_EQ(gunzip(joined(page_of({}, Encoding::gzip))), "");
}

TEST(GzipPages, MayBeCompressedPieceByPiece) {
  ChunkMaker maker(Encoding::gzip);
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece = "piece " + std::to_string(i) + "\n";
    maker.append(piece);
    all += piece;
  }
  EXPECT_EQ(gunzip(joined(page_of({maker.finish(), make_chunk("end", Encoding::gzip)}, Encoding::gzip))), all + "end");
}

TEST(GzipPages, MayHavePartsThatAreNotCompressed) {
  std::string big(200000, 'x');
  big += '\n';
  ChunkMaker maker(Encoding::gzip, ChunkMaker::Used::once);
  maker.append(big);
  maker.append("");
  maker.append("more\n");
  const std::vector<ChunkPtr> chunks{make_chunk("first\n", Encoding::gzip), maker.finish(),
                                     make_chunk("end\n", Encoding::gzip)};
  EXPECT_EQ(gunzip(joined(page_of(chunks, Encoding::gzip))), "first\n" + big + "more\nend\n");
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
  std::string text(SteadyTime now, PageKind kind = {}) {
    return joined(page_of(page_.current(kind, now), kind.encoding));
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

TEST_F(MetricsPages, HaveAFamilyOnceAndCountWhatAnotherTaskReportsUnderItsName) {
  const auto named = [](const std::string& task, const std::string& family, double value) {
    auto result = std::make_shared<Snapshot>(*snapshot(task, SteadyTime(1000h), value));
    result->families.front().name = family;
    return result;
  };
  page_.update(named("b", "m", 2));
  EXPECT_EQ(text(start_), "# HELP m h\n# TYPE m gauge\nm 2\n");
  page_.update(named("a", "m", 1));
  EXPECT_EQ(text(start_), "# HELP m h\n# TYPE m gauge\nm 1\n");
  page_.update(named("b", "m", 3));
  EXPECT_EQ(text(start_), "# HELP m h\n# TYPE m gauge\nm 1\n");
  EXPECT_EQ(page_.duplicates(), 1U);
  page_.update(named("a", "n", 1));
  EXPECT_EQ(text(start_), "# HELP n h\n# TYPE n gauge\nn 1\n# HELP m h\n# TYPE m gauge\nm 3\n");
  page_.update(named("a", "m", 1));
  page_.retain({"b"});
  EXPECT_EQ(text(start_), "# HELP m h\n# TYPE m gauge\nm 3\n");
}

TEST_F(MetricsPages, GiveACounterItsOwnNameInOpenMetricsWhenAnotherTaskHasTheShortOne) {
  auto jobs = std::make_shared<Snapshot>(*snapshot("a", start_, 5));
  jobs->families.front().name = "my_jobs_total";
  jobs->families.front().type = MetricType::counter;
  page_.update(jobs);
  const PageKind open{MetricsFormat::openmetrics, Encoding::identity};
  EXPECT_EQ(text(start_, open), "# HELP my_jobs h\n# TYPE my_jobs counter\nmy_jobs_total 5\n");
  auto gauge = std::make_shared<Snapshot>(*snapshot("b", start_, 7));
  gauge->families.front().name = "my_jobs";
  page_.update(gauge);
  EXPECT_EQ(text(start_, open),
            "# HELP my_jobs_total h\n# TYPE my_jobs_total unknown\nmy_jobs_total 5\n"
            "# HELP my_jobs h\n# TYPE my_jobs gauge\nmy_jobs 7\n");
  EXPECT_EQ(text(start_),
            "# HELP my_jobs_total h\n# TYPE my_jobs_total counter\nmy_jobs_total 5\n"
            "# HELP my_jobs h\n# TYPE my_jobs gauge\nmy_jobs 7\n");
}

constexpr PageKind plain{MetricsFormat::prometheus, Encoding::identity};
constexpr PageKind plain_gzip{MetricsFormat::prometheus, Encoding::gzip};
constexpr PageKind open_gzip{MetricsFormat::openmetrics, Encoding::gzip};

TEST_F(MetricsPages, ComeInEveryKind) {
  page_.update(snapshot("a", start_, 1));
  EXPECT_EQ(gunzip(text(start_, plain_gzip)), text(start_, plain));
  EXPECT_EQ(text(start_, {MetricsFormat::openmetrics, Encoding::identity}), "# HELP m_a h\n# TYPE m_a gauge\nm_a 1\n");
}

TEST_F(MetricsPages, AreMadeInAdvanceForPrometheusUntilSomebodyAsks) {
  page_.update(snapshot("a", start_, 1));
  EXPECT_EQ(page_.chunks_held(), 1U);
  text(start_, open_gzip);
  EXPECT_EQ(page_.chunks_held(), 1U);
}

TEST_F(MetricsPages, AreMadeInAdvanceInTheKindsThatAreAskedFor) {
  page_.update(snapshot("a", start_, 1));
  text(start_, plain);
  page_.update(snapshot("a", start_ + 10s, 2));
  page_.update(snapshot("b", start_ + 10s, 2));
  EXPECT_EQ(page_.chunks_held(), 2U);
  text(start_ + 10s, plain);
  EXPECT_EQ(page_.chunks_held(), 2U);
  text(start_ + 10s, plain_gzip);
  EXPECT_EQ(page_.chunks_held(), 4U);
}

TEST_F(MetricsPages, DropTheKindThatNobodyAsksForAnyMore) {
  page_.update(snapshot("rare", start_, 1));
  text(start_, plain);
  const SteadyTime later = start_ + MetricsPage::forgotten_after + 1s;
  text(later, plain_gzip);
  EXPECT_EQ(page_.chunks_held(), 2U);  // the rare task has what was made before, and is too old to be shown
  page_.update(snapshot("a", later, 2));
  EXPECT_EQ(page_.chunks_held(), 1U);
  EXPECT_EQ(text(later, plain), "# HELP m_a h\n# TYPE m_a gauge\nm_a 2\n");
}

TEST_F(MetricsPages, CountTheDuplicatesOfASnapshotOnce) {
  auto twice = std::make_shared<Snapshot>(*snapshot("a", start_, 1));
  twice->families.front().samples = {{{}, 1}, {{}, 1}};
  page_.update(twice);
  text(start_, plain);
  text(start_, plain_gzip);
  EXPECT_EQ(page_.duplicates(), 1U);
}

}  // namespace
}  // namespace pgvigil
