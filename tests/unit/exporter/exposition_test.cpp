// What both exposition formats say, judged by the text and by parsers that others wrote.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/child_process.h"
#include "core/text.h"
#include "exporter/self_metrics.h"
#include "exporter/task_metrics.h"
#include "exporter/text_format.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

std::string open_metrics(const std::vector<Family>& families) {
  return render_text(families, MetricsFormat::openmetrics).text;
}

Family one(std::string name, MetricType type) {
  return {std::move(name), "h", type, {}, {{{}, 1}}};
}

TEST(OpenMetrics, CallsACounterByItsNameWithoutTotal) {
  EXPECT_EQ(open_metrics({one("a_total", MetricType::counter)}), "# HELP a h\n# TYPE a counter\na_total 1\n");
}

TEST(OpenMetrics, HasNoTypeForACounterThatIsNotNamedLikeOne) {
  EXPECT_EQ(open_metrics({one("a", MetricType::counter)}), "# HELP a h\n# TYPE a unknown\na 1\n");
  EXPECT_EQ(render_text({one("a", MetricType::counter)}).text, "# HELP a h\n# TYPE a counter\na 1\n");
}

TEST(OpenMetrics, HasNoTypeForACounterWhoseShortNameIsAnotherFamilys) {
  EXPECT_EQ(open_metrics({one("a_total", MetricType::counter), one("a", MetricType::gauge)}),
            "# HELP a_total h\n# TYPE a_total unknown\na_total 1\n# HELP a h\n# TYPE a gauge\na 1\n");
}

TEST(TextFormat, CallsWhatHasNoTypeUntyped) {
  EXPECT_EQ(render_text({one("a", MetricType::unknown)}).text, "# HELP a h\n# TYPE a untyped\na 1\n");
  EXPECT_EQ(open_metrics({one("a", MetricType::unknown)}), "# HELP a h\n# TYPE a unknown\na 1\n");
}

TEST(Exposition, WritesAFamilyThatStandsTwiceUnderOneHeading) {
  const Family first{"a", "h", MetricType::gauge, {"x"}, {{{"1"}, 1}}};
  const Family other{"b", "h", MetricType::gauge, {}, {{{}, 5}}};
  const Family again{"a", "other help", MetricType::gauge, {"x"}, {{{"1"}, 2}, {{"2"}, 3}}};
  const RenderedText rendered = render_text({first, other, again});
  EXPECT_EQ(rendered.text, "# HELP a h\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 3\n# HELP b h\n# TYPE b gauge\nb 5\n");
  EXPECT_EQ(rendered.duplicates, 1U);
}

TEST(Exposition, TakesTheFirstOfEqualSeriesThatHasAValue) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  const RenderedText rendered =
      render_text({{"a", "h", MetricType::gauge, {"x"}, {{{"1"}, unknown}, {{"1"}, 2}, {{"1"}, 3}}}});
  EXPECT_EQ(rendered.text, "# HELP a h\n# TYPE a gauge\na{x=\"1\"} 2\n");
  EXPECT_EQ(rendered.duplicates, 1U);
}

TEST(Exposition, SharesLabelsBetweenFamiliesOfTheSameRows) {
  const auto rows = std::make_shared<LabelRows>(1);
  for (const char* value : {"x", "y", "x"}) rows->add(std::vector<std::string>{value});
  const Family a{"a", "h", MetricType::gauge, {"l"}, Samples(rows, {1, 2, 3})};
  const Family b{"b", "h", MetricType::gauge, {"l"}, Samples(rows, {4, 5, 6})};
  const Family other_name{"c", "h", MetricType::gauge, {"m"}, Samples(rows, {7, 8, 9})};
  const RenderedText rendered = render_text({a, b, other_name});
  EXPECT_EQ(rendered.text,
            "# HELP a h\n# TYPE a gauge\na{l=\"x\"} 1\na{l=\"y\"} 2\n"
            "# HELP b h\n# TYPE b gauge\nb{l=\"x\"} 4\nb{l=\"y\"} 5\n"
            "# HELP c h\n# TYPE c gauge\nc{m=\"x\"} 7\nc{m=\"y\"} 8\n");
  EXPECT_EQ(rendered.duplicates, 3U);
}

TEST(Exposition, WritesInfinityAsBothFormatsHaveIt) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(render_text({{"a", "h", MetricType::gauge, {"x"}, {{{"1"}, inf}, {{"2"}, -inf}}}}).text,
            "# HELP a h\n# TYPE a gauge\na{x=\"1\"} +Inf\na{x=\"2\"} -Inf\n");
}

TEST(Exposition, HandsOnLargePagesInPieces) {
  std::size_t pieces = 0;
  std::string all;
  PieceWriter out([&](std::string_view piece) {
    ++pieces;
    all += piece;
  });
  std::string wanted;
  for (int i = 0; i < 100000; ++i) {
    const std::string line = fmt::format("line {}\n", i);
    out.append(line);
    wanted += line;
  }
  out.append(std::string(500000, 'x'));
  out.finish();
  EXPECT_EQ(all, wanted + std::string(500000, 'x'));
  EXPECT_GT(pieces, 3U);
}

// Values that a person, an application or an attacker can put into a name of a table, and what readers must see.
struct Hostile {
  std::string value;
  std::string read;
};
const std::vector<Hostile>& hostile_values() {
  static const std::string replaced = "\xEF\xBF\xBD";
  static const std::vector<Hostile> values{
      {"plain", "plain"},
      {"", ""},
      {" ", " "},
      {"\"", "\""},
      {"\\", "\\"},
      {"\n", "\n"},
      {"\\n", "\\n"},
      {"\\\"\n\\\\", "\\\"\n\\\\"},
      {"a\"} 1\nfake_metric{b=\"c", "a\"} 1\nfake_metric{b=\"c"},
      {"# EOF", "# EOF"},
      {"a,b=c{d}", "a,b=c{d}"},
      {"tab\tand\rreturn", "tab\tand\rreturn"},
      {"\x01\x7F", "\x01\x7F"},
      {"Größe · 日本語 · 🐘", "Größe · 日本語 · 🐘"},
      {"latin1 \xE4", "latin1 " + replaced},
      {"\xE4\"\\", replaced + "\"\\"},
      {"cut \xF0\x9F\x90", "cut " + replaced},
      {"overlong \xC0\xAF", "overlong " + replaced + replaced},
      {"surrogate \xED\xA0\x80", "surrogate " + replaced + replaced + replaced},
      {"beyond \xF4\x90\x80\x80", "beyond " + replaced + replaced + replaced + replaced},
      {"lone \x80 go on", "lone " + replaced + " go on"},
      {"\xEF\xBB\xBFmark", "\xEF\xBB\xBFmark"},
      {std::string(10000, 'x'), std::string(10000, 'x')},
      {std::string(5000, '\n') + std::string(5000, '"'), std::string(5000, '\n') + std::string(5000, '"')},
  };
  return values;
}

std::vector<Family> hostile_families() {
  Family gauge{"m_bytes", "help with \"quotes\",\na line\\end and \xE4", MetricType::gauge, {"first", "second"}, {}};
  Family counter{"m_calls_total", "h", MetricType::counter, {"first", "second"}, {}};
  Family unknown{"m_commit", "h", MetricType::counter, {"first", "second"}, {}};
  for (const Hostile& hostile : hostile_values()) {
    for (Family* family : {&gauge, &counter, &unknown}) family->samples.push_back({{hostile.value, "x"}, 0.1});
  }
  return {gauge, counter, unknown};
}

std::string hex(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) result += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return result;
}

// One line for each sample that the Python client's parser of that format finds. Debian's package of it is for Debian's
// Python.
std::vector<std::string> parsed(const std::string& page, MetricsFormat format) {
  constexpr const char* program = R"(
import importlib, sys
parser = importlib.import_module(sys.argv[1])
text = open(sys.argv[2], encoding="utf-8", newline="\n").read()
for family in parser.text_string_to_metric_families(text):
    for sample in family.samples:
        labels = ",".join(k + "=" + v.encode().hex() for k, v in sorted(sample.labels.items()))
        print(family.type, sample.name, labels, repr(float(sample.value)))
)";
  const TempDir folder;
  const std::string module =
      format == MetricsFormat::openmetrics ? "prometheus_client.openmetrics.parser" : "prometheus_client.parser";
  const Output result =
      run({{"/usr/bin/python3", "-c", program, module, folder.write("page", page).string()}, {}, {}, {}}, 60s);
  EXPECT_EQ(result.status.error_output, "") << page.substr(0, 2000);
  std::vector<std::string> lines = split(result.text, '\n');
  lines.pop_back();
  return lines;
}

// `third` is what the parser makes of the counter whose name does not end with _total: of the text format, it adds it.
std::vector<std::string> wanted_lines(std::string_view third) {
  std::vector<std::string> lines;
  const std::string_view families[] = {"gauge m_bytes", "counter m_calls_total", third};
  for (const std::string_view family : families) {
    for (const Hostile& hostile : hostile_values())
      lines.push_back(fmt::format("{} first={},second=78 0.1", family, hex(hostile.read)));
  }
  return lines;
}

// One by one, because the values are long.
void expect_same(const std::vector<std::string>& lines, const std::vector<std::string>& wanted) {
  ASSERT_EQ(lines.size(), wanted.size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_TRUE(lines[i] == wanted[i]) << lines[i].substr(0, 200) << "\n" << wanted[i].substr(0, 200);
}

TEST(Parsers, ReadHostileLabelsFromTheTextFormat) {
  expect_same(parsed(render_text(hostile_families()).text, MetricsFormat::prometheus),
              wanted_lines("counter m_commit_total"));
}

TEST(Parsers, ReadHostileLabelsFromOpenMetrics) {
  expect_same(parsed(open_metrics(hostile_families()) + "# EOF\n", MetricsFormat::openmetrics),
              wanted_lines("unknown m_commit"));
}

TEST(Parsers, OfPrometheusReadHostileLabels) {
  const TempDir folder;
  const auto page = folder.write("page", render_text(hostile_families()).text);
  const Output result = run({{"sh", "-c", "promtool check metrics < " + page.string()}, {}, {}, {}}, 60s);
  EXPECT_THAT(result.status.error_output, testing::Not(testing::HasSubstr("error while linting")));
  EXPECT_THAT(result.status.error_output,
              testing::HasSubstr("m_commit"));  // it read as far as the last one, and finds its name odd
}

TEST(TheAgentsOwnMetrics, AreReadByParsersInBothFormats) {
  const FakeClock clock;
  SelfMetrics metrics(clock);
  metrics.config_loaded(true);
  metrics.scraped(std::chrono::milliseconds(250));
  TaskBoard board;
  TaskInfo task;
  task.name = "a\"b\n\xE4";
  RunReport report;
  report.duration = std::chrono::duration<double>(0.5);
  report.busy = std::chrono::duration<double>(0.25);
  board.run_ended(task, report);
  board.run_ended(task, report);
  std::vector<Family> families = metrics.families();
  for (Family& family : task_families(board.lines(), true)) families.push_back(std::move(family));
  std::vector<std::string> text = parsed(render_text(families).text, MetricsFormat::prometheus);
  std::vector<std::string> open =
      parsed(render_text(families, MetricsFormat::openmetrics).text + "# EOF\n", MetricsFormat::openmetrics);
  const std::string name = hex("a\"b\n\xEF\xBF\xBD");
  for (const auto* lines : {&text, &open}) {
    EXPECT_THAT(*lines, testing::IsSupersetOf({
                            "counter pgvigil_task_runs_total outcome=73756363657373,task=" + name + " 2.0",
                            "gauge pgvigil_task_up task=" + name + " 1.0",
                            "gauge pgvigil_task_last_duration_seconds task=" + name + " 0.5",
                            "counter pgvigil_task_seconds_total task=" + name + " 1.0",
                            "counter pgvigil_db_busy_seconds_total collector=" + name + " 0.5",
                            "gauge pg_scrape_collector_success collector=" + name + " 1.0",
                        }));
  }
}

TEST(TheAgentsOwnMetrics, SayWhyATaskIsSkippedUntilItIsNot) {
  TaskBoard board;
  TaskInfo task;
  task.name = "io";
  RunReport skipped;
  skipped.outcome = Outcome::skipped;
  skipped.reason = "needs PostgreSQL >=16";
  board.run_ended(task, skipped);
  const auto page = [&] { return render_text(task_families(board.lines(), false)).text; };
  EXPECT_THAT(page(), testing::HasSubstr("pgvigil_task_skipped{task=\"io\",reason=\"needs PostgreSQL >=16\"} 1\n"));
  board.run_ended(task, {});
  EXPECT_THAT(page(), testing::Not(testing::HasSubstr("pgvigil_task_skipped")));
}

TEST(TheAgentsOwnMetrics, OfARemovedTaskEnd) {
  TaskBoard board;
  TaskInfo kept;
  kept.name = "kept";
  TaskInfo removed;
  removed.name = "removed";
  for (const TaskInfo& task : {kept, removed}) board.run_ended(task, {});
  board.retain({"kept"});
  const std::string text = render_text(task_families(board.lines(), true)).text;
  EXPECT_THAT(text, testing::HasSubstr("pgvigil_task_up{task=\"kept\"} 1\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("removed")));
}

}  // namespace
}  // namespace pgvigil
