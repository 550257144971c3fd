#include "collectors/statements/report.h"

#include <algorithm>
#include <set>

namespace pgvigil {

namespace {

struct Series {
  std::vector<std::string> labels;
  const StatementValues* values;
};

std::vector<Series> series_of(const StatementLedger& ledger, const OwnerNames& names) {
  std::vector<Series> series;
  for (const auto& [key, values] : ledger.exported()) {
    series.push_back({{OwnerNames::of(names.users, key.user), OwnerNames::of(names.databases, key.database),
                       std::to_string(key.query.value_or(0)), key.toplevel ? "true" : "false"},
                      &values});
  }
  for (const auto& [owner, totals] : ledger.totals()) {
    series.push_back(
        {{OwnerNames::of(names.users, owner.first), OwnerNames::of(names.databases, owner.second), "other", ""},
         &totals.rest});
  }
  return series;
}

struct Sum {
  StatementCounter counter;
  const char* metric;
  const char* help;
};

constexpr std::array<Sum, 3> sums{
    {{StatementCounter::calls, "pg_stat_statements_all_calls_total",
      "Statements that the user executed in the database since the agent began to watch: exact, whichever have series "
      "of their own."},
     {StatementCounter::exec_seconds, "pg_stat_statements_all_seconds_total",
      "Seconds spent executing all statements of the user in the database, planning not included."},
     {StatementCounter::rows, "pg_stat_statements_all_rows_total",
      "Rows that all statements of the user in the database returned or changed."}}};

double scale_of(StatementCounter counter) {
  return statement_columns().at(static_cast<std::size_t>(counter)).scale;
}

}  // namespace

std::string OwnerNames::of(const std::map<std::uint32_t, std::string>& names, std::uint32_t oid) {
  const auto found = names.find(oid);
  return found == names.end() ? std::to_string(oid) : found->second;
}

std::vector<Family> statement_families(const StatementLedger& ledger, const std::vector<StatementCounter>& counters,
                                       const OwnerNames& names) {
  const std::vector<Series> series = series_of(ledger, names);
  std::vector<Family> families;
  for (const StatementColumn& column : statement_columns()) {
    Family family{column.metric, column.help, MetricType::counter, {"user", "datname", "queryid", "toplevel"}, {}};
    if (std::find(counters.begin(), counters.end(), column.counter) != counters.end()) {
      for (const Series& one : series) {
        family.samples.push_back({one.labels, at(*one.values, column.counter) * column.scale});
      }
    }
    families.push_back(std::move(family));
  }
  for (const Sum& sum : sums) {
    Family family{sum.metric, sum.help, MetricType::counter, {"user", "datname"}, {}};
    for (const auto& [owner, totals] : ledger.totals()) {
      family.samples.push_back(
          {{OwnerNames::of(names.users, owner.first), OwnerNames::of(names.databases, owner.second)},
           at(totals.all, sum.counter) * scale_of(sum.counter)});
    }
    families.push_back(std::move(family));
  }
  return families;
}

Family statement_text_family(const StatementLedger& ledger, const std::map<std::int64_t, std::string>& texts) {
  Family family{"pg_stat_statements_query_info",
                "The text of an exported statement, cut, without its literals; the value is always 1.",
                MetricType::gauge,
                {"queryid", "query"},
                {}};
  std::set<std::int64_t> done;
  for (const auto& [key, values] : ledger.exported()) {
    const auto text = texts.find(key.query.value_or(0));
    if (text == texts.end() || !done.insert(text->first).second) continue;
    family.samples.push_back({{std::to_string(text->first), text->second}, 1});
  }
  return family;
}

}  // namespace pgvigil
