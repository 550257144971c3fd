// What is known of a result when not everything is known of what it is made of.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "alerts/promql/evaluate.h"
#include "alerts/rule_samples.h"
#include "core/error.h"
#include "tests/unit/alerts/rules.h"

namespace pgvigil::promql {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// Two sources: `fast` reports m{d}, `slow` reports n{d}.
class Snapshots {
 public:
  Snapshots& m(const std::vector<Series>& series) { return add("fast", "m", series); }
  Snapshots& n(const std::vector<Series>& series) { return add("slow", "n", series); }

  // "a=1 b=? c=?? …": ? is a value that is not known, ?? an element that may not be there, … more that may be.
  std::string evaluate(std::string_view text) {
    const auto parsed = Expression::parse(text);
    if (const auto* error = std::get_if<SyntaxError>(&parsed)) return error->what;
    const RuleSamples samples(all_, nullptr, SteadyTime(seconds(1000)), 0);
    Workspace workspace;
    const Value value = promql::evaluate(std::get<Expression>(parsed).root(), samples, {0, 0}, workspace);
    if (const auto* number = std::get_if<Scalar>(&value)) return number->known ? text_of(number->value) : "?";
    const auto& vector = std::get<Vector>(value);
    std::string result;
    for (const Element& element : vector.elements) {
      const std::string name(element.labels.value("d"));
      result += (result.empty() ? "" : " ") + (name.empty() ? "{}" : name) + "=" + text_of(element);
    }
    if (!vector.complete) result += result.empty() ? "…" : " …";
    return result;
  }

 private:
  Snapshots& add(const std::string& task, const std::string& metric, const std::vector<Series>& series) {
    all_.push_back(make_snapshot(task, 1, SteadyTime(seconds(1000)), metric, {"d"}, series));
    return *this;
  }
  static std::string text_of(double value) { return fmt::format("{}", value); }
  static std::string text_of(const Element& element) {
    if (element.certainty == Certainty::value_unknown) return "?";
    return element.certainty == Certainty::presence_unknown ? "??" : text_of(element.value);
  }

  std::vector<SnapshotPtr> all_;
};

Snapshots with_unknown() {
  return Snapshots().m({{{"a"}, 1}, {{"b"}, unknown}, {{"c"}, 3}});
}

TEST(PromqlTruth, AValueThatIsNotKnownStaysUnknownInArithmetic) {
  EXPECT_EQ(with_unknown().evaluate("m"), "a=1 b=? c=3");
  EXPECT_EQ(with_unknown().evaluate("-m * 2 + 1"), "a=-1 b=? c=-5");
  EXPECT_EQ(with_unknown().evaluate("abs(m) / m"), "a=1 b=? c=1");
  EXPECT_EQ(with_unknown().evaluate("clamp(m, 2, 2)"), "a=2 b=? c=2");
}

TEST(PromqlTruth, AComparisonKeepsWhatItCannotDecide) {
  EXPECT_EQ(with_unknown().evaluate("m > 2"), "b=?? c=3");
  EXPECT_EQ(with_unknown().evaluate("m > bool 2"), "a=0 b=? c=1");
  EXPECT_EQ(with_unknown().evaluate("m > scalar(m)"), "b=??") << "scalar() of three elements is a NaN that is known";
}

TEST(PromqlTruth, WhatIsComputedToBeNoNumberIsKnown) {
  EXPECT_EQ(Snapshots().m({{{"a"}, 0}}).evaluate("(m / m) > 0"), "");
}

TEST(PromqlTruth, AnAggregationOverWhatIsNotKnownIsNotKnown) {
  for (const auto* kind : {"sum", "min", "max", "avg"}) {
    EXPECT_EQ(with_unknown().evaluate(std::string(kind) + "(m)"), "{}=?") << kind;
    EXPECT_EQ(with_unknown().evaluate(std::string(kind) + " by (d) (m)"), "a=1 b=? c=3") << kind;
  }
  EXPECT_EQ(with_unknown().evaluate("quantile(0.5, m)"), "{}=?");
  EXPECT_EQ(with_unknown().evaluate("topk(1, m)"), "a=?? b=?? c=??");
}

TEST(PromqlTruth, HowManyThereAreIsKnownWithoutTheirValues) {
  EXPECT_EQ(with_unknown().evaluate("count(m)"), "{}=3");
  EXPECT_EQ(with_unknown().evaluate("count(m > 0)"), "{}=?") << "one of them may not be there";
  EXPECT_EQ(with_unknown().evaluate("absent(m)"), "");
  EXPECT_EQ(with_unknown().evaluate("count(m) or vector(1)"), "{}=3");
}

TEST(PromqlTruth, AMetricThatNobodyReportsIsUnknownAsAWhole) {
  EXPECT_EQ(with_unknown().evaluate("n"), "…");
  EXPECT_EQ(with_unknown().evaluate("sum(n)"), "…");
  EXPECT_EQ(with_unknown().evaluate("m + n"), "…");
  EXPECT_EQ(with_unknown().evaluate("m + on() group_left() sum(n)"), "…");
  EXPECT_EQ(with_unknown().evaluate("absent(n)"), "{}=??");
  EXPECT_EQ(with_unknown().evaluate("scalar(n)"), "?");
  EXPECT_EQ(with_unknown().evaluate("m > scalar(n)"), "a=?? b=?? c=??");
}

TEST(PromqlTruth, AMetricWhoseSourceRanAndFoundNothingIsKnownToBeEmpty) {
  EXPECT_EQ(Snapshots().n({}).evaluate("n"), "");
  EXPECT_EQ(Snapshots().n({}).evaluate("absent(n{d='x'})"), "x=1");
  EXPECT_EQ(with_unknown().n({}).evaluate("m unless n"), "a=1 b=? c=3");
}

TEST(PromqlTruth, SetOperatorsAskOnlyWhoIsThere) {
  EXPECT_EQ(with_unknown().n({{{"a"}, unknown}, {{"b"}, 1}}).evaluate("m and n"), "a=1 b=?");
  EXPECT_EQ(with_unknown().n({{{"a"}, unknown}}).evaluate("m and n > 0"), "a=??");
  EXPECT_EQ(with_unknown().n({{{"a"}, unknown}}).evaluate("m unless n > 0"), "a=?? b=? c=3");
  EXPECT_EQ(with_unknown().evaluate("m and n"), "a=?? b=?? c=??");
  EXPECT_EQ(with_unknown().evaluate("m unless n"), "a=?? b=?? c=??");
  EXPECT_EQ(with_unknown().evaluate("m or n"), "a=1 b=? c=3 …");
  EXPECT_EQ(with_unknown().evaluate("n or m"), "a=?? b=?? c=?? …");
}

TEST(PromqlTruth, TwoPartnersOfWhichOneMayNotBeThereAreNoMistake) {
  const auto snapshots = [] { return Snapshots().m({{{"a"}, 1}}).n({{{"x"}, unknown}, {{"y"}, 5}}); };
  EXPECT_EQ(snapshots().evaluate("m + on() (n > 0)"), "{}=??");
  EXPECT_THROW(snapshots().evaluate("m + on() n"), Error);
}

TEST(PromqlTruth, ATimestampIsKnownWithoutTheValue) {
  EXPECT_EQ(with_unknown().evaluate("timestamp(m)"), "a=0 b=0 c=0");
}

TEST(PromqlTruth, OfSeriesWithEqualLabelsTheFirstOneCounts) {
  EXPECT_EQ(Snapshots().m({{{"a"}, 1}, {{"a"}, 2}, {{"b"}, 3}}).evaluate("m"), "a=1 b=3");
  EXPECT_EQ(Snapshots().m({{{"a"}, 1}}).m({{{"a"}, 2}, {{"b"}, 3}}).evaluate("m"), "a=1 b=3");
}

}  // namespace
}  // namespace pgvigil::promql
