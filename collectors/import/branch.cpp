#include "collectors/import/branch.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "collectors/import/import_sql.h"
#include "collectors/metric_rules.h"
#include "core/text.h"

namespace pgvigil {

namespace {

using Usage = CatalogColumn::Usage;
using Branches = std::vector<const ImportedBranch*>;

// A column of the collector to be, with what the branches call it. Null where a branch has no such column.
struct Merged {
  CatalogColumn column;
  std::vector<const ImportedColumn*> sources;
};

bool is_value(const ImportedColumn& column) {
  return column.usage != Usage::label && column.usage != Usage::discard;
}

// There is one: a column comes from a branch.
const ImportedColumn& first_source(const Merged& merged) {
  return **std::find_if(merged.sources.begin(), merged.sources.end(),
                        [](const auto* source) { return source != nullptr; });
}

bool one_scale(const Merged& merged) {
  return std::all_of(merged.sources.begin(), merged.sources.end(), [&](const ImportedColumn* source) {
    return source == nullptr || source->scale == first_source(merged).scale;
  });
}

// Branches agree by what they export, not by the columns' names in their queries.
std::string identity(const ImportedColumn& column) {
  return column.usage == Usage::discard ? "-" + column.name : column.rename;
}

std::vector<Merged> merge_columns(const Branches& branches, Problems& report) {
  std::vector<Merged> merged;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    for (const ImportedColumn& column : branches[i]->columns) {
      auto known = std::find_if(merged.begin(), merged.end(), [&](const Merged& candidate) {
        return identity(first_source(candidate)) == identity(column);
      });
      if (known == merged.end()) {
        merged.push_back({{}, std::vector<const ImportedColumn*>(branches.size())});
        known = merged.end() - 1;
        known->column.name = column.usage == Usage::label ? column.rename : column.name;
        known->column.usage = column.usage;
        known->column.help = column.help;
        if (is_value(column)) known->column.metric = branches[i]->prefix + "_" + column.rename;
      } else if (known->column.usage != column.usage) {
        report.add(column.where, fmt::format("{} is another kind of column than in the branch before; that kind is "
                                             "kept",
                                             column.name));
      }
      if (is_value(column) && known->column.name != column.name) known->column.name = column.rename;
      known->sources[i] = &column;
    }
  }
  return merged;
}

// Why a column cannot be carried over; empty when it can. Takes the name of its metric.
std::string obstacle(const CatalogColumn& column, const std::string& collector, TakenNames& taken) {
  if (const std::string reason = forbidden(column); !reason.empty()) return "left out: " + reason;
  if (const std::string* owner = taken.owner_of(column.metric))
    return fmt::format("{} is left out: {} has it already", column.metric, *owner);
  taken.families.emplace(column.metric, "the collector " + collector);
  return {};
}

void drop_taken(std::vector<Merged>& columns, const std::string& collector, TakenNames& taken, Problems& report) {
  for (Merged& merged : columns) {
    if (!merged.column.is_value()) continue;
    const std::string reason = obstacle(merged.column, collector, taken);
    if (reason.empty()) continue;
    report.add(first_source(merged).where, reason);
    merged.column.usage = Usage::discard;
  }
}

// A name that Prometheus allows: other characters become _.
std::string plain_name(std::string name) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain) c = '_';
  }
  const bool bad_start = name.empty() || (name.front() >= '0' && name.front() <= '9') || name.starts_with("__");
  return bad_start ? "imported_" + name : name;
}

void say_renamed(const Merged& merged, const std::string& old, const std::string& now, Problems& report) {
  if (old != now) report.add(first_source(merged).where, fmt::format("{} is called {} here", old, now));
}

// What our schema does not take is called otherwise, and no two columns have one name.
void settle_names(std::vector<Merged>& columns, Problems& report) {
  std::set<std::string> used;
  for (Merged& merged : columns) {
    CatalogColumn& column = merged.column;
    if (column.usage == Usage::discard) continue;
    const std::string metric = column.metric;
    const std::string name = column.name;
    if (column.is_value()) column.metric = plain_name(metric);
    if (column.is_label()) column.name = plain_name(name);
    if (!forbidden(column).empty()) (column.is_label() ? column.name : column.metric).insert(0, "imported_");
    while (!used.insert(column.name).second) column.name.insert(0, "imported_");
    say_renamed(merged, metric, column.metric, report);
    if (column.is_label()) say_renamed(merged, name, column.name, report);
  }
}

bool needs_wrapping(const ImportedColumn& source, const CatalogColumn& column) {
  return !source.fallback.empty() || !source.mapping.empty() || source.name != column.name;
}

// What is discarded has the name of a column that is not.
bool hides_another(const std::vector<Merged>& columns) {
  std::multiset<std::string> names;
  for (const Merged& merged : columns) names.insert(merged.column.name);
  return std::any_of(columns.begin(), columns.end(), [&](const Merged& merged) {
    return merged.column.usage == Usage::discard && names.count(merged.column.name) > 1;
  });
}

bool wrap_all(const Branches& branches, const std::vector<Merged>& columns) {
  if (hides_another(columns)) return true;
  for (const ImportedBranch* branch : branches) {
    if (selects_everything(branch->query)) return true;
  }
  return std::any_of(columns.begin(), columns.end(), [&](const Merged& merged) {
    return !one_scale(merged) || std::any_of(merged.sources.begin(), merged.sources.end(), [&](const auto* source) {
      return source == nullptr || needs_wrapping(*source, merged.column);
    });
  });
}

std::string expression(const Merged& merged, const ImportedColumn* source) {
  if (source == nullptr) return merged.column.is_label() ? "NULL::text" : "NULL::float8";
  std::string sql = quoted_name(source->name);
  if (!source->mapping.empty()) {
    std::string cases;
    for (const auto& [text, number] : source->mapping) {
      cases += fmt::format(" WHEN {} THEN {}", quoted_text(text), number);
    }
    sql = fmt::format("CASE {}::text{} END", sql, cases);
  }
  if (!source->fallback.empty()) sql = fmt::format("COALESCE({}, {})", sql, quoted_text(source->fallback));
  if (!one_scale(merged) && source->scale != 1) sql = fmt::format("{} * {}", sql, source->scale);
  return sql;
}

std::string query_of(const ImportedBranch& branch, std::size_t index, const std::vector<Merged>& columns, bool wrap) {
  if (!wrap) return bare_query(branch.query);
  std::vector<std::pair<std::string, std::string>> expressions;
  for (const Merged& merged : columns) {
    if (merged.column.usage == Usage::discard) continue;
    expressions.emplace_back(merged.column.name, expression(merged, merged.sources[index]));
  }
  return wrapped_query(branch.query, expressions);
}

std::string free_name(std::string name, TakenNames& taken) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!plain) c = '_';
  }
  if (name.empty()) name = "imported";
  while (!taken.collectors.insert(name).second) name.insert(0, "imported_");
  return name;
}

void describe(CatalogEntry& entry, const Branches& branches, Problems& report) {
  const ImportedBranch& first = *branches.front();
  entry.help = first.help.empty() ? fmt::format("Imported: {}.", first.prefix) : first.help;
  entry.interval = first.interval.value_or(seconds(15));
  entry.timeout = first.timeout.value_or(seconds(2));
  entry.scope = first.scope;
  for (const ImportedBranch* branch : branches) {
    if (branch->scope != first.scope || branch->interval != first.interval || branch->timeout != first.timeout) {
      report.add(branch->where, "the interval, timeout and scope of the first branch are used for this one too");
    }
  }
}

void settle_scope(CatalogEntry& entry, const std::vector<Merged>& columns, const std::string& where, Problems& report) {
  const auto datname = [](const Merged& merged) { return merged.column.is_label() && merged.column.name == "datname"; };
  if (entry.scope != Scope::database || std::any_of(columns.begin(), columns.end(), datname)) return;
  entry.scope = Scope::cluster;
  report.add(where,
             "runs in the connected database only: for every database it needs a label column datname "
             "(current_database() AS datname) and scope: database");
}

std::optional<ImportedCollector> collector_of(const Branches& branches, TakenNames& taken, Problems& report) {
  const ImportedBranch& first = *branches.front();
  ImportedCollector collector{{}, first.prefix};
  CatalogEntry& entry = collector.entry;
  entry.name = free_name(first.prefix, taken);
  describe(entry, branches, report);
  std::vector<Merged> columns = merge_columns(branches, report);
  settle_names(columns, report);
  drop_taken(columns, entry.name, taken, report);
  if (std::none_of(columns.begin(), columns.end(), [](const Merged& merged) { return merged.column.is_value(); })) {
    report.add(first.where, fmt::format("{} is left out: no metric of it remains", first.prefix));
    taken.collectors.erase(entry.name);
    return std::nullopt;
  }
  settle_scope(entry, columns, first.where, report);
  const bool wrap = wrap_all(branches, columns);
  for (std::size_t i = 0; i < branches.size(); ++i) {
    entry.variants.push_back({branches[i]->when, query_of(*branches[i], i, columns, wrap)});
  }
  for (Merged& merged : columns) {
    if (wrap && merged.column.usage == Usage::discard) continue;
    if (merged.column.is_value() && one_scale(merged)) merged.column.scale = first_source(merged).scale;
    entry.columns.push_back(std::move(merged.column));
  }
  return collector;
}

}  // namespace

std::vector<ImportedCollector> collectors_of(const std::vector<ImportedBranch>& branches, TakenNames taken,
                                             Problems& report) {
  std::vector<std::pair<std::string, Branches>> groups;
  for (const ImportedBranch& branch : branches) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == branch.prefix; });
    if (group == groups.end()) group = groups.insert(groups.end(), {branch.prefix, {}});
    group->second.push_back(&branch);
  }
  std::vector<ImportedCollector> collectors;
  for (const auto& [prefix, members] : groups) {
    if (auto collector = collector_of(members, taken, report)) collectors.push_back(std::move(*collector));
  }
  return collectors;
}

}  // namespace pgvigil
