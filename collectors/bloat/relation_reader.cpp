#include "collectors/bloat/relation_reader.h"

#include <algorithm>
#include <array>
#include <set>

#include "collectors/bloat/relation_queries.h"
#include "collectors/value_text.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// A row's columns by their names. A query about tables has none of those that only indexes have.
class Row {
 public:
  Row(const PgRows& rows, const std::map<std::string, int>& columns, int row)
      : rows_(rows), columns_(columns), row_(row) {}

  std::string text(const std::string& column) const { return rows_.text(row_, columns_.at(column)); }
  double number(const std::string& column) const { return printed_number<double>(text(column)); }
  std::int64_t integer(const std::string& column) const { return printed_number<std::int64_t>(text(column)); }
  bool flag(const std::string& column) const { return text(column) == "t"; }
  bool has(const std::string& column) const { return columns_.contains(column); }

 private:
  const PgRows& rows_;
  const std::map<std::string, int>& columns_;
  int row_;
};

RelationKind kind_from(std::string_view text) {
  if (text == "index") return RelationKind::index;
  return text == "toast" ? RelationKind::toast : RelationKind::table;
}

std::vector<ColumnStatistics> parse_statistics(const std::string& text) {
  std::vector<ColumnStatistics> columns;
  if (text.empty()) return columns;
  for (const std::string& column : split(text, ',')) {
    const std::vector<std::string> fields = split(column, ' ');
    columns.push_back({printed_number<int>(fields.at(0)), printed_number<double>(fields.at(1)),
                       printed_number<double>(fields.at(2)), printed_number<double>(fields.at(3)),
                       printed_number<double>(fields.at(4))});
  }
  return columns;
}

RelationFacts read_relation(const Row& row) {
  RelationFacts facts;
  facts.kind = kind_from(row.text("kind"));
  facts.schema = row.text("schema");
  facts.table = row.text("table");
  facts.index = row.text("index");
  facts.name = row.text("name");
  facts.oid = row.integer("oid");
  facts.table_oid = row.integer("table_oid");
  facts.file = row.integer("file");
  facts.table_file = row.integer("table_file");
  facts.page_bytes = row.number("page_bytes");
  facts.pages = row.number("pages");
  facts.unread_pages = row.number("unread_pages");
  facts.rows = row.number("rows");
  facts.fillfactor = row.number("fillfactor");
  facts.access_method = row.text("access_method");
  facts.readable = row.flag("readable");
  facts.columns = static_cast<int>(row.integer("columns"));
  facts.name_column = row.flag("name_column");
  facts.columns_changed = row.flag("columns_changed");
  facts.modified_share = row.number("modified_share");
  facts.statistics = parse_statistics(row.text("statistics"));
  if (!row.has("valid")) return facts;
  facts.valid = row.flag("valid");
  facts.unique = row.flag("unique");
  facts.partial = row.flag("partial");
  facts.expression = row.flag("expression");
  facts.deduplicates = row.flag("deduplicates");
  return facts;
}

}  // namespace

RelationFactsOfDatabase read_relations(PgConnection& connection, std::int64_t floor_bytes, milliseconds timeout,
                                       const std::stop_token& stop) {
  RelationFactsOfDatabase result;
  const std::vector<std::optional<std::string>> floor{std::to_string(floor_bytes)};
  for (const std::string_view query : {relation_queries::tables, relation_queries::indexes}) {
    const PgRows rows = connection.query(query, floor, timeout, stop);
    std::map<std::string, int> columns;
    for (int column = 0; column < rows.columns(); ++column) columns[rows.column_name(column)] = column;
    for (int row = 0; row < rows.rows(); ++row) result.relations.push_back(read_relation(Row(rows, columns, row)));
  }
  const PgRows counts = connection.query(relation_queries::counts, floor, timeout, stop);
  std::map<RelationKind, std::int64_t> counted;
  for (const RelationFacts& facts : result.relations) ++counted[facts.kind];
  for (int row = 0; row < counts.rows(); ++row) {
    const RelationKind kind = kind_from(counts.text(row, 0));
    result.left_out[{kind, Suppressed::never_analyzed}] = printed_number<std::int64_t>(counts.text(row, 1));
    result.left_out[{kind, Suppressed::too_small}] = printed_number<std::int64_t>(counts.text(row, 2));
    const auto large = printed_number<std::int64_t>(counts.text(row, 3));
    result.left_out[{kind, Suppressed::too_many}] = std::max<std::int64_t>(large - counted[kind], 0);
  }
  return result;
}

}  // namespace pgvigil
