#include "collectors/statements/report.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace pgvigil {

namespace {

// The series of every family: the exported statements and the rest of each owner.
class Series {
 public:
  Series(const StatementLedger& ledger, const OwnerNames& names) {
    for (const auto& [key, values] : ledger.exported()) {
      add(names, {key.user, key.database}, std::to_string(key.query.value_or(0)), key.toplevel ? "true" : "false",
          values);
    }
    for (const auto& [owner, totals] : ledger.totals()) add(names, owner, "other", "", totals.rest);
  }

  Samples of(const StatementColumn& column) const {
    if (values_.empty()) return {};
    std::vector<double> numbers;
    numbers.reserve(values_.size());
    for (const StatementValues* values : values_) numbers.push_back(at(*values, column.counter) * column.scale);
    return {labels_, std::move(numbers)};
  }

 private:
  void add(const OwnerNames& names, std::pair<std::uint32_t, std::uint32_t> owner, std::string query,
           std::string toplevel, const StatementValues& values) {
    labels_->add(std::vector<std::string>{OwnerNames::of(names.users, owner.first),
                                          OwnerNames::of(names.databases, owner.second), std::move(query),
                                          std::move(toplevel)});
    values_.push_back(&values);
  }

  std::shared_ptr<LabelRows> labels_ = std::make_shared<LabelRows>(4);
  std::vector<const StatementValues*> values_;
};

// Names that older dashboards of postgres_exporter ask for.
struct Alias {
  StatementCounter counter;
  const char* metric;
};

constexpr std::array<Alias, 2> aliases{{{StatementCounter::calls, "pg_stat_statements_calls"},
                                        {StatementCounter::exec_seconds, "pg_stat_statements_total_time_seconds"}}};

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

constexpr auto text_metric = "pg_stat_statements_query_info";

double scale_of(StatementCounter counter) {
  return statement_columns().at(static_cast<std::size_t>(counter)).scale;
}

}  // namespace

std::string OwnerNames::of(const std::map<std::uint32_t, std::string>& names, std::uint32_t oid) {
  const auto found = names.find(oid);
  return found == names.end() ? std::to_string(oid) : found->second;
}

std::map<std::uint32_t, std::string> names_now(const std::set<std::uint32_t>& oids,
                                               const std::map<std::uint32_t, std::string>& before,
                                               const std::map<std::uint32_t, std::string>& found) {
  std::map<std::uint32_t, std::string> names = found;
  std::set<std::string> in_use;
  for (const auto& [oid, name] : found) in_use.insert(name);
  for (const std::uint32_t oid : oids) {
    const auto old = before.find(oid);
    if (found.contains(oid) || old == before.end()) continue;
    if (in_use.insert(old->second).second) names.emplace(*old);
  }
  return names;
}

std::vector<Family> statement_families(const StatementLedger& ledger, const std::vector<StatementCounter>& counters,
                                       const OwnerNames& names, bool compat) {
  const Series series(ledger, names);
  const std::vector<std::string> labels{"user", "datname", "queryid", "toplevel"};
  std::vector<Family> families;
  for (const StatementColumn& column : statement_columns()) {
    Family family{column.metric, column.help, MetricType::counter, labels, {}};
    const bool counted = std::find(counters.begin(), counters.end(), column.counter) != counters.end();
    if (counted) family.samples = series.of(column);
    families.push_back(std::move(family));
  }
  for (const Alias& alias : aliases) {
    if (!compat) continue;
    const Family& named = families.at(static_cast<std::size_t>(alias.counter));
    families.push_back({alias.metric, named.name + " under an older name of postgres_exporter.", MetricType::unknown,
                        labels, named.samples});
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

std::vector<std::string> statement_family_names() {
  std::vector<std::string> names{text_metric};
  for (const StatementColumn& column : statement_columns()) names.emplace_back(column.metric);
  for (const Alias& alias : aliases) names.emplace_back(alias.metric);
  for (const Sum& sum : sums) names.emplace_back(sum.metric);
  return names;
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
