#include "collectors/bloat/bloat_families.h"

#include <algorithm>
#include <cmath>

namespace pgvigil {

namespace {

Family gauge(const char* name, const char* help, std::vector<std::string> labels) {
  return {name, help, MetricType::gauge, std::move(labels), {}};
}

std::string_view kind_text(RelationKind kind) {
  switch (kind) {
    case RelationKind::table: return "table";
    case RelationKind::toast: return "toast";
    case RelationKind::index: return "index";
  }
  return "";
}

// The families that tell of one kind of relations.
struct KindFamilies {
  Family bytes;
  Family ratio;
  Family info;
  Family measured;

  void add(const Verdict& verdict, const std::vector<std::string>& labels) {
    const double pages = std::round(*verdict.wasted * verdict.relation->pages);
    bytes.samples.push_back({labels, pages * verdict.relation->page_bytes});
    ratio.samples.push_back({labels, *verdict.wasted});
    if (verdict.measured_at) measured.samples.push_back({labels, unix_seconds(*verdict.measured_at)});
    std::vector<std::string> with_method = labels;
    with_method.emplace_back(verdict.method);
    info.samples.push_back({with_method, 1});
  }
};

const std::vector<std::string> of_table{"datname", "schemaname", "relname"};
const std::vector<std::string> of_table_with_method{"datname", "schemaname", "relname", "method"};
const std::vector<std::string> of_index{"datname", "schemaname", "relname", "indexrelname"};
const std::vector<std::string> of_index_with_method{"datname", "schemaname", "relname", "indexrelname", "method"};

KindFamilies table_families() {
  return {
      gauge("pg_table_bloat_bytes",
            "Bytes of the table, without indexes and TOAST, that a rewrite would give back; plain VACUUM makes them "
            "reusable but does not shrink the file. How this is known: pg_table_bloat_info.",
            of_table),
      gauge("pg_table_bloat_ratio",
            "The same as a share of the table's size (0 to 1), within some ten percentage points.", of_table),
      gauge("pg_table_bloat_info",
            "Always 1: whether the table's bloat is an estimate from statistics, as of the last VACUUM or ANALYZE, "
            "or was read with pgstattuple_approx.",
            of_table_with_method),
      gauge("pg_table_bloat_measured_timestamp_seconds",
            "When the table was read, in seconds since the epoch. Absent for an estimate.", of_table)};
}

KindFamilies toast_families() {
  return {gauge("pg_toast_bloat_bytes",
                "Bytes of the table's TOAST that a rewrite would give back. Only known where it was read.", of_table),
          gauge("pg_toast_bloat_ratio", "The same as a share of the TOAST table's size (0 to 1).", of_table),
          gauge("pg_toast_bloat_info", "Always 1: how the bloat of the table's TOAST is known.", of_table_with_method),
          gauge("pg_toast_bloat_measured_timestamp_seconds",
                "When the TOAST table was read, in seconds since the epoch.", of_table)};
}

KindFamilies index_families() {
  return {gauge("pg_index_bloat_bytes",
                "Bytes of the B-tree index that REINDEX would give back. How this is known: pg_index_bloat_info.",
                of_index),
          gauge("pg_index_bloat_ratio",
                "The same as a share of the index's size (0 to 1), within some ten percentage points. An index that is "
                "filled in random order settles at 0.2 to 0.3 again after a REINDEX.",
                of_index),
          gauge("pg_index_bloat_info",
                "Always 1: whether the index's bloat is an estimate from statistics, is a comparison with the index's "
                "own best since it was rebuilt or read (baseline), or was read with pgstatindex.",
                of_index_with_method),
          gauge("pg_index_bloat_measured_timestamp_seconds",
                "When the index was read, in seconds since the epoch. Absent for an estimate.", of_index)};
}

Family suppressed_family(const std::string& database, const std::vector<Verdict>& verdicts, SuppressedCounts counts) {
  for (const Verdict& verdict : verdicts) {
    if (!verdict.wasted) ++counts[{verdict.relation->kind, verdict.reason}];
  }
  Family family = gauge("pg_bloat_suppressed",
                        "Relations (kind: table, toast, index) of whose bloat nothing is said, because a number would "
                        "be known to be wrong, by the reason. no_rights: GRANT pg_read_all_data to the agent's role, "
                        "or CREATE EXTENSION pgstattuple in the database.",
                        {"datname", "kind", "reason"});
  for (const auto& [key, count] : counts) {
    if (count == 0) continue;
    family.samples.push_back({{database, std::string(kind_text(key.first)), std::string(to_string(key.second))},
                              static_cast<double>(count)});
  }
  return family;
}

Family pending_family(const std::string& database, const ConfirmationPlan& plan) {
  Family family = gauge("pg_bloat_confirmations_pending",
                        "Relations that are suspected of bloat and were not read yet, because somebody holds or awaits "
                        "an exclusive lock on them (locked) or as much was read within an hour as may be (budget).",
                        {"datname", "reason"});
  family.samples.push_back({{database, "locked"}, static_cast<double>(plan.locked)});
  family.samples.push_back({{database, "budget"}, static_cast<double>(plan.over_budget)});
  return family;
}

}  // namespace

std::vector<Family> bloat_families(const std::string& database, const std::vector<Verdict>& verdicts,
                                   const SuppressedCounts& left_out, const ConfirmationPlan& plan) {
  KindFamilies tables = table_families();
  KindFamilies toast = toast_families();
  KindFamilies indexes = index_families();
  Family growth = gauge("pg_index_growth_ratio",
                        "Pages a row of the index now, against the best that was seen of it since its file was made: 1 "
                        "is as good as ever, 2 twice the size. Says nothing about bloat from before the first look.",
                        of_index);
  for (const Verdict& verdict : verdicts) {
    const RelationFacts& relation = *verdict.relation;
    std::vector<std::string> labels{database, relation.schema, relation.table};
    if (relation.kind == RelationKind::index) labels.push_back(relation.index);
    if (verdict.growth) growth.samples.push_back({labels, *verdict.growth});
    if (!verdict.wasted) continue;
    KindFamilies& families = relation.kind == RelationKind::index   ? indexes
                             : relation.kind == RelationKind::toast ? toast
                                                                    : tables;
    families.add(verdict, labels);
  }
  std::vector<Family> families;
  for (KindFamilies* kind : {&tables, &toast, &indexes}) {
    for (Family* family : {&kind->bytes, &kind->ratio, &kind->info, &kind->measured}) {
      families.push_back(std::move(*family));
    }
  }
  families.push_back(std::move(growth));
  families.push_back(suppressed_family(database, verdicts, left_out));
  families.push_back(pending_family(database, plan));
  return families;
}

}  // namespace pgvigil
