// Expressions mean here what they mean in Prometheus: random and hand-written ones over random series, evaluated by
// promtool and by us.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>

#include "alerts/promql/evaluate.h"
#include "alerts/rule_samples.h"
#include "core/child_process.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

constexpr seconds interval = 15s;
constexpr int samples_each = 120;  // half an hour

struct TestSeries {
  std::string metric;
  Labels labels;
  std::vector<std::optional<double>> values;  // one each interval; nothing is a gap
  std::vector<bool> stale;

  std::string name() const {
    std::string inner;
    for (const auto& [label, value] : labels)
      inner += fmt::format("{}{}=\"{}\"", inner.empty() ? "" : ",", label, value);
    return fmt::format("{}{{{}}}", metric, inner);
  }
  std::string notation() const {
    std::string result;
    for (std::size_t i = 0; i < values.size(); ++i) {
      result += values[i] ? fmt::format("{} ", *values[i]) : (stale[i] ? "stale " : "_ ");
    }
    return result;
  }
};

// Series as agents report them: gauges that wander and repeat, counters that are reset, with gaps and ends.
class SeriesMaker {
 public:
  explicit SeriesMaker(std::mt19937& random) : random_(random) {}

  std::vector<TestSeries> make() {
    std::vector<TestSeries> result;
    for (const std::string metric : {"requests_total", "errors_total"}) {
      for (const std::string db : {"shop", "mail", "crm"}) {
        for (const std::string host : {"a", "b"}) {
          if (below(8) != 0) result.push_back(counter(metric, {{"db", db}, {"host", host}}));
        }
      }
    }
    for (const std::string metric : {"size_bytes", "lag"}) {
      for (const std::string db : {"shop", "mail", "crm", "hr"}) {
        result.push_back(gauge(metric, {{"db", db}}));
        if (metric == "lag") result.push_back(gauge(metric, {{"db", db}, {"slot", "s_" + db}}));
      }
    }
    for (const std::string db : {"shop", "mail", "crm"})
      result.push_back(gauge("info", {{"db", db}, {"team", "t" + db}}));
    result.push_back(gauge("up", {}));
    return result;
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  TestSeries counter(const std::string& metric, const Labels& labels) {
    double value = below(3) == 0 ? 0 : below(1000);
    return fill({metric, labels, {}, {}}, [&] {
      if (below(25) == 0) value = 0;
      value += below(3) == 0 ? 0 : below(100) * 0.25;
      return value;
    });
  }

  TestSeries gauge(const std::string& metric, const Labels& labels) {
    double value = below(2000) - 500;
    return fill({metric, labels, {}, {}}, [&] {
      if (below(3) != 0) value += (below(2001) - 1000) * 0.125;
      return value;
    });
  }

  template <typename Next>
  TestSeries fill(TestSeries series, Next next) {
    int gap = below(6) == 0 ? below(60) : 0;  // some begin late
    for (int i = 0; i < samples_each; ++i) {
      if (gap == 0 && below(30) == 0) gap = 1 + below(30);
      const bool missing = gap > 0;
      series.stale.push_back(missing && below(4) == 0);
      series.values.push_back(missing ? std::nullopt : std::optional<double>(next()));
      gap = std::max(0, gap - 1);
    }
    return series;
  }

  std::mt19937& random_;
};

// Expressions of the whole grammar. What it writes is well-typed; whether it can be evaluated is for both sides to say.
class ExpressionMaker {
 public:
  explicit ExpressionMaker(std::mt19937& random) : random_(random) {}

  std::string vector(int depth) {
    if (depth == 0) return below(2) == 0 ? selector() + offset() : over_time();
    switch (below(9)) {
      case 0: return selector() + offset();
      case 1: return over_time();
      case 2: return function(depth);
      case 3: return aggregation(depth);
      case 4: return fmt::format("{} {} {}", nested(depth), arithmetic(), nested(depth));
      case 5:
        return fmt::format("{} {}{} {}", nested(depth), comparison(), below(3) == 0 ? " bool" : "", operand(depth));
      case 6:
        return fmt::format("{} {}{} {}", nested(depth), one_of({"and", "or", "unless"}), set_matching(), nested(depth));
      case 7: return fmt::format("{} {} {}", nested(depth), arithmetic(), number());
      default: return joined(depth);
    }
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  std::string one_of(const std::vector<std::string>& choices) {
    return choices[static_cast<std::size_t>(below(static_cast<int>(choices.size())))];
  }

  std::string metric() {
    return one_of({"requests_total", "errors_total", "size_bytes", "lag", "info", "up", "nothing"});
  }
  std::string selector() {
    return metric() + one_of({"", "", "", R"({db="shop"})", R"({db!="shop"})", R"({db=~"s.*|mail"})", R"({host=""})",
                              R"({slot!~".+"})", R"({db=~"[a-m]+", host!="b"})"});
  }
  std::string offset() { return one_of({"", "", "", " offset 1m", " offset 4m30s", " offset 10s", " offset -1m"}); }
  std::string window() {
    return one_of({"[1m]", "[5m]", "[2m30s]", "[10m]", "[47s]", "[14m]"}) + one_of({"", "", "", " offset 1m"});
  }
  std::string number() { return one_of({"2", "0.5", "-3", "100", "0", "1e3", "7", "scalar(up)", "(1 + 2 * 3)"}); }
  std::string arithmetic() { return one_of({"+", "-", "*", "/", "%", "^"}); }
  std::string comparison() { return one_of({"==", "!=", "<", "<=", ">", ">="}); }
  std::string labels() { return one_of({"()", "(db)", "(host)", "(db, host)", "(db, slot)", "(nothing)"}); }
  std::string set_matching() { return one_of({"", "", " on(db)", " on()", " ignoring(host, slot)", " on(db, host)"}); }
  std::string nested(int depth) { return one_of({"", "", "-"}) + "(" + vector(depth - 1) + ")"; }
  std::string operand(int depth) { return below(2) == 0 ? number() : nested(depth); }

  std::string over_time() {
    const std::string range = selector() + window();
    switch (below(6)) {
      case 0: return fmt::format("predict_linear({}, {})", range, one_of({"600", "0", "3600"}));
      case 1: return fmt::format("quantile_over_time({}, {})", one_of({"0.5", "0.9", "0", "1", "2"}), range);
      default:
        return fmt::format("{}({})",
                           one_of({"rate",
                                   "irate",
                                   "increase",
                                   "delta",
                                   "idelta",
                                   "deriv",
                                   "changes",
                                   "resets",
                                   "rate",
                                   "increase",
                                   "avg_over_time",
                                   "min_over_time",
                                   "max_over_time",
                                   "sum_over_time",
                                   "count_over_time",
                                   "last_over_time",
                                   "stddev_over_time",
                                   "stdvar_over_time",
                                   "present_over_time",
                                   "absent_over_time"}),
                           range);
    }
  }

  std::string function(int depth) {
    const std::string inner = vector(depth - 1);
    switch (below(7)) {
      case 0: return fmt::format("clamp({}, {}, {})", inner, number(), number());
      case 1: return fmt::format("{}({}, {})", one_of({"clamp_min", "clamp_max", "round"}), inner, number());
      case 2:
        return fmt::format(R"(label_replace({}, "{}", "{}", "db", "{}"))", inner, one_of({"db", "new", "host"}),
                           one_of({"$1", "x-$1-${2}", "", "$1$1_$$"}),
                           one_of({"(.*)", "(s)(.*)", "sh(.*?)p", "x(.*)"}));
      case 3: return fmt::format(R"(label_join({}, "all", "-", "db", "host", "none"))", inner);
      case 4: return fmt::format("absent({})", below(2) == 0 ? selector() : inner);
      case 5: return fmt::format("timestamp({})", below(2) == 0 ? selector() + offset() : inner);
      default:
        return fmt::format(
            "{}({})", one_of({"abs", "ceil", "floor", "sqrt", "ln", "log2", "log10", "exp", "sgn", "round"}), inner);
    }
  }

  std::string aggregation(int depth) {
    const std::string grouping = one_of({"", " by ", " by ", " without "});
    const std::string by = grouping.empty() ? "" : grouping + labels();
    const std::string inner = vector(depth - 1);
    const int kind = below(9);
    if (kind == 0) return fmt::format("quantile{} ({}, {})", by, one_of({"0.25", "0.9", "0", "-1"}), inner);
    // Which of equal elements are chosen is not defined; the largest of the chosen ones is.
    if (kind == 1) {
      return fmt::format("max(count{} ({}{} ({}, {})))", by, one_of({"topk", "bottomk"}), by,
                         one_of({"1", "2", "0", "3.7"}), inner);
    }
    if (kind == 2) {
      return fmt::format("{} ({} ({}, {}))", one_of({"min", "max"}), one_of({"topk", "bottomk"}),
                         one_of({"1", "2", "3.7"}), inner);
    }
    return fmt::format("{}({}){}", one_of({"sum", "min", "max", "avg", "count", "sum"}), inner, by);
  }

  std::string joined(int depth) {
    const std::string op = below(3) == 0 ? comparison() + one_of({"", " bool"}) : arithmetic();
    const std::string match = one_of({"on(db)", "on(db, host)", "ignoring(host)", "ignoring(slot, team)", "on()"});
    const std::string group =
        one_of({"", " group_left()", " group_left(team)", " group_right()", " group_right(team)"});
    return fmt::format("{} {} {}{} {}", nested(depth), op, match, group,
                       below(2) == 0 ? "info" : "(" + vector(depth - 1) + ")");
  }

  std::mt19937& random_;
};

const std::vector<std::string> written_by_hand{
    "requests_total",
    "1 + 2 * 3 ^ 2 ^ 0.5 % 4 - -2 ^ 2",
    "-lag ^ 2",
    "2 ^ -lag / 1e3",
    "lag - lag - lag",
    "100 * (1 - size_bytes / on(db) info)",
    "1 > bool 2",
    "1 / 0",
    "-1 / 0",
    "0 / 0",
    "0 / 0 > bool 1",
    "-7 % 3",
    "time()",
    "time() - timestamp(up)",
    "timestamp(timestamp(up))",
    "vector(3) + scalar(up)",
    "scalar(lag)",
    "vector(1) or requests_total",
    "lag and on() vector(1)",
    "lag unless on(db) info",
    "lag or on(db) size_bytes or info",
    "lag and lag > 0 or lag < -300",
    "lag == lag != lag",
    "lag > lag",
    "lag >= bool lag",
    "5 < lag",
    "lag * on(db) group_left(team) info",
    "info * on(db) group_right(team) lag",
    "lag * on(db) info",
    "lag / ignoring(slot) size_bytes",
    "sum by (db) (lag) / ignoring(team) group_right sum by (db, team) (info)",
    "sum(lag) by (db) / sum(size_bytes) by (db)",
    "sum without (host) (rate(requests_total[5m]))",
    "sum by (__name__) (lag)",
    "count by (db) ({__name__=\"lag\"})",
    "topk(2, lag)",
    "bottomk by (db) (1, lag)",
    "count(topk(3, lag / 0))",
    "count(topk(5, (lag - lag) / 0))",
    "quantile(0.5, lag)",
    "avg(lag / 0)",
    "max((lag - lag) / 0)",
    "min by (db) (sqrt(lag))",
    "absent(nothing)",
    "absent(nothing{db=\"x\", host=~\"a|b\", slot=\"y\"})",
    "absent(nothing{db=\"x\", db=\"y\", host=\"z\"})",
    "absent(sum(nothing))",
    "absent(lag)",
    "absent_over_time(nothing{db=\"x\"}[5m])",
    "absent_over_time(lag[5m])",
    "rate(requests_total[15s])",
    "rate(requests_total[30s])",
    "increase(requests_total[5m] offset 2m)",
    "delta(lag[3m]) + idelta(lag[3m])",
    "predict_linear(size_bytes[10m] offset 1m, 600)",
    "deriv(lag[10m]) * 60",
    "changes(lag[10m]) > 5",
    "resets(requests_total[14m])",
    "irate(requests_total[1m])",
    "max_over_time(lag[5m]) - min_over_time(lag[5m])",
    "last_over_time(lag[5m])",
    "round(lag, 0.1)",
    "round(lag, 0)",
    "round(-2.5 * up)",
    "clamp(lag, 10, -10)",
    "clamp_max(lag, 0 / 0)",
    "clamp(lag, -100, 100)",
    "sgn(lag)",
    "label_replace(lag, \"db2\", \"$1\", \"db\", \"(.)(.*)\")",
    "label_replace(lag, \"slot\", \"\", \"slot\", \".*\")",
    "label_replace(up, \"x\", \"fixed\", \"missing\", \"\")",
    "label_join(lag, \"db\", \"/\", \"db\", \"slot\")",
    "label_join(lag, \"slot\", \"\")",
    "lag offset 5m",
    "lag offset -30s",
    "sum(rate(requests_total[5m])) by (db) > 1 and sum(rate(errors_total[5m])) by (db) > 0.5",
    "requests_total % 7",
    "lag % 0",
    "+lag",
    "- - lag",
    "(lag)",
    "lag AND ON(db) info",
    "SUM(lag) BY (db)",
    "inf + lag",
    "NaN",
    "lag != NaN",
};

// The same form for both sides: sorted "labels value" lines, or the word failed.
using Answer = std::vector<std::pair<std::string, double>>;
struct Outcome {
  bool failed = false;
  Answer answer;
};

bool close(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

bool same(const Outcome& ours, const Outcome& theirs) {
  if (ours.failed || theirs.failed) return ours.failed == theirs.failed;
  return std::equal(ours.answer.begin(), ours.answer.end(), theirs.answer.begin(), theirs.answer.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first && close(a.second, b.second); });
}

std::string shown(const Outcome& outcome) {
  if (outcome.failed) return "failed";
  std::string result;
  for (const auto& [labels, value] : outcome.answer) result += fmt::format("\n      {} {}", labels, value);
  return result;
}

// As promtool prints labels.
std::string text_of(const promql::LabelSet& labels) {
  std::string inner;
  if (!labels.metric().empty()) inner = fmt::format("__name__=\"{}\"", labels.metric());
  for (const auto& [name, value] : labels.labels()) {
    inner += fmt::format("{}{}=\"{}\"", inner.empty() ? "" : ", ", name, value);
  }
  return "{" + inner + "}";
}

class Ours {
 public:
  explicit Ours(const std::vector<TestSeries>& series) : series_(series) {}

  std::optional<Outcome> evaluate(const std::string& text, milliseconds at) const {
    auto parsed = promql::Expression::parse(text);
    if (std::holds_alternative<SyntaxError>(parsed)) return std::nullopt;
    const auto& expression = std::get<promql::Expression>(parsed);
    History history({expression, of_current(expression)}, SteadyTime(), WallTime());
    fill(history);
    promql::Workspace workspace;
    try {
      return outcome(promql::evaluate(expression.root(), HistorySamples(history), {at.count(), at.count()}, workspace),
                     workspace);
    } catch (const Error&) {
      return Outcome{true, {}};
    }
  }

 private:
  // Current values, too, are read from the history: an expression that needs them there.
  static promql::Expression of_current(const promql::Expression& expression) {
    std::string text = "vector(0)";
    promql::for_each_selector(expression.root(), [&](const promql::VectorSelector& selector, milliseconds) {
      text += " or " + to_string(selector.selector) + " offset 1ms";
    });
    return std::get<promql::Expression>(promql::Expression::parse(text));
  }

  void fill(History& history) const {
    for (const auto& [key, track] : history.tracks()) {
      for (const TestSeries& series : series_) {
        if (series.metric == track.need.selector.metric && accepted(track.need.selector, series))
          fill(history, key, series);
      }
    }
  }

  static bool accepted(const Selector& selector, const TestSeries& series) {
    return std::all_of(selector.matchers.begin(), selector.matchers.end(), [&](const LabelMatcher& matcher) {
      const auto label = series.labels.find(matcher.label);
      return matcher.accepts(label == series.labels.end() ? "" : label->second);
    });
  }

  static void fill(History& history, const std::string& key, const TestSeries& series) {
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (!series.values[i] && !series.stale[i]) continue;
      const auto time = static_cast<std::int64_t>(i) * milliseconds(interval).count();
      history.add(key, series.metric, series.labels, {time, series.values[i].value_or(stale_marker())});
    }
  }

  static Outcome outcome(const promql::Value& value, promql::Workspace& workspace) {
    Outcome result;
    if (const auto* number = std::get_if<promql::Scalar>(&value)) {
      result.answer.emplace_back(text_of(workspace.add("", {})), number->value);
      EXPECT_TRUE(number->known);
      return result;
    }
    const auto& vector = std::get<promql::Vector>(value);
    EXPECT_TRUE(vector.complete);
    for (const promql::Element& element : vector.elements) {
      EXPECT_EQ(element.certainty, promql::Certainty::known);
      result.answer.emplace_back(text_of(element.labels), element.value);
    }
    std::sort(result.answer.begin(), result.answer.end());
    return result;
  }

  const std::vector<TestSeries>& series_;
};

struct Question {
  std::string expression;
  milliseconds at{0};
};

// One run of promtool for all questions. Every one expects what is not there, so that it says what it got.
class Promtool {
 public:
  Promtool(const std::vector<TestSeries>& series, const std::vector<Question>& questions) : questions_(questions) {
    const TempDir folder;
    const auto file = folder.write("test.yaml", document(series));
    output_ = run({{"sh", "-c", "promtool test rules " + file.string() + " 2>&1"}, {}, {}, {}}, 120s);
    read();
  }

  const std::vector<Outcome>& outcomes() const { return outcomes_; }
  std::string said() const { return output_.text + output_.status.error_output; }

 private:
  static std::string in_yaml(std::string_view text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
    return result + "'";
  }

  std::string document(const std::vector<TestSeries>& series) const {
    std::string result =
        fmt::format("evaluation_interval: {0}s\ntests:\n  - interval: {0}s\n    input_series:\n", interval.count());
    for (const TestSeries& one : series) {
      result += fmt::format("      - {{ series: {}, values: {} }}\n", in_yaml(one.name()), in_yaml(one.notation()));
    }
    result += "    promql_expr_test:\n";
    for (const Question& question : questions_) {
      result +=
          fmt::format("      - {{ expr: {}, eval_time: {}, exp_samples: [{{ labels: 'unexpected', value: 1 }}] }}\n",
                      in_yaml(question.expression), format_duration(question.at));
    }
    return result;
  }

  // "    expr: "…", time: 5m,\n        exp: …\n        got: {…} 1E+00, {…} 2E+00" or "    expr: "…", time: 5m, err: …"
  void read() {
    const std::string text = said();
    for (const std::string& line : split(text, '\n')) {
      const std::string_view trimmed = trim(line);
      if (trimmed.starts_with("expr: ") && trimmed.find(", err: ") != std::string_view::npos)
        outcomes_.push_back({true, {}});
      if (trimmed.starts_with("got: ")) outcomes_.push_back({false, samples(trimmed.substr(5))});
    }
  }

  static Answer samples(std::string_view text) {
    Answer result;
    while (!text.empty() && text != "nil") {
      const std::size_t labels = text.find('}') + 1;
      const std::size_t end = std::min(text.find(", ", labels), text.size());
      const std::string number(text.substr(labels + 1, end - labels - 1));
      result.emplace_back(std::string(text.substr(0, labels)), std::strtod(number.c_str(), nullptr));
      text.remove_prefix(std::min(end + 2, text.size()));
    }
    for (auto& [labels, value] : result) {
      // The name of a metric stands in front of the braces.
      const std::size_t brace = labels.find('{');
      if (brace == 0) continue;
      labels = fmt::format("{{__name__=\"{}\"{}{}", labels.substr(0, brace), labels[brace + 1] == '}' ? "" : ", ",
                           labels.substr(brace + 1));
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  const std::vector<Question>& questions_;
  Output output_;
  std::vector<Outcome> outcomes_;
};

std::vector<Question> questions(unsigned seed, int random_ones) {
  std::mt19937 random(seed);
  ExpressionMaker maker(random);
  const std::vector<milliseconds> times{10min, 17min + 5s, 25min, 29min + 45s, 34min};
  std::vector<Question> result;
  for (const std::string& text : written_by_hand) {
    for (const milliseconds at : {times[1], times[3]}) result.push_back({text, at});
  }
  for (int i = 0; i < random_ones; ++i) {
    result.push_back({maker.vector(1 + i % 3), times[static_cast<std::size_t>(i) % times.size()]});
  }
  return result;
}

class PromqlConformance : public testing::TestWithParam<unsigned> {};

TEST_P(PromqlConformance, SameAnswersAsPrometheus) {
  std::mt19937 random(GetParam());
  const std::vector<TestSeries> series = SeriesMaker(random).make();
  const std::vector<Question> asked = questions(GetParam() + 1000, 600);
  const Ours ours(series);
  const Promtool promtool(series, asked);
  ASSERT_EQ(promtool.outcomes().size(), asked.size()) << promtool.said().substr(0, 2000);
  int with_elements = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    SCOPED_TRACE(asked[i].expression + " at " + format_duration(asked[i].at));
    const auto mine = ours.evaluate(asked[i].expression, asked[i].at);
    ASSERT_TRUE(mine.has_value()) << "is refused";
    const Outcome& theirs = promtool.outcomes()[i];
    with_elements += theirs.answer.empty() ? 0 : 1;
    EXPECT_TRUE(same(*mine, theirs)) << "ours: " << shown(*mine) << "\n    Prometheus: " << shown(theirs);
  }
  EXPECT_GT(with_elements, 300) << "the questions are too easy";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PromqlConformance, testing::Range(1U, 4U));

}  // namespace
}  // namespace pgvigil
