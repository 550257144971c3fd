#include "collectors/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/embedded_file.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// Prometheus' rule for names of metrics (without colons, which are for recording rules) and labels.
bool valid_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front()) || name.starts_with("__")) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

VersionRange decode_range(Section& section, std::string_view key) {
  const auto value = section.value(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return {};
  auto range = VersionRange::parse(*text);
  if (!range) value->fail(fmt::format("'{}' is no version range; allowed is '>=17', '<17', '>=14 <17'", *text));
  return range.value_or(VersionRange());
}

CatalogVariant decode_variant(Section& section) {
  CatalogVariant variant;
  variant.query = section.require_text("query");
  if (auto when = section.section("when")) {
    variant.when.server = decode_range(*when, "server");
    const std::string role = when->choice("role", "", {"primary", "standby"});
    if (!role.empty()) variant.when.role = role == "primary" ? ServerRole::primary : ServerRole::standby;
    variant.when.extension = when->text("extension");
    variant.when.extension_version = decode_range(*when, "extension_version");
    variant.when.relation = when->text("relation");
    variant.when.function = when->text("function");
    variant.when.member_of = when->text("member_of");
    when->finish();
  }
  section.finish();
  return variant;
}

CatalogColumn::Usage decode_usage(Section& section, const std::string& column) {
  using Usage = CatalogColumn::Usage;
  const std::array all{Usage::label, Usage::gauge, Usage::counter, Usage::unknown, Usage::discard};
  std::vector<std::string> allowed;
  for (const Usage usage : all) allowed.emplace_back(to_string(usage));
  const std::string chosen = section.choice("usage", "", allowed);
  for (const Usage usage : all) {
    if (chosen == to_string(usage)) return usage;
  }
  if (!section.has("usage"))
    section.fail(fmt::format("column {} has no usage; allowed is {}", column, join(allowed, ", ")));
  return Usage::gauge;
}

bool decode_compat(Section& section) {
  return !section.choice("compat", "", {"postgres_exporter"}).empty();
}

CatalogColumn decode_column(const std::string& name, const YamlValue& value, const std::string& prefix) {
  CatalogColumn column;
  column.name = name;
  if (!value.is_map()) {
    value.fail(fmt::format("column {} must be a map such as {{ usage: gauge, help: … }}", name));
    return column;
  }
  Section section(value);
  column.usage = decode_usage(section, name);
  column.server = decode_range(section, "server");
  if (!column.is_value()) {
    if (column.is_label() && !valid_name(name)) section.fail(fmt::format("'{}' is no valid label name", name));
    section.finish();
    return column;
  }
  column.compat = decode_compat(section);
  column.metric = section.text("metric", prefix + "_" + name);
  column.help = section.require_text("help");
  column.scale = section.number("scale", 1);
  if (!valid_name(column.metric)) section.fail(fmt::format("'{}' is no valid metric name", column.metric));
  section.finish();
  return column;
}

std::string missing_for(const CatalogCondition& when, const ServerFacts& facts, const Privileges& privileges) {
  if (!when.server.contains_server(facts.version)) return "needs PostgreSQL " + when.server.text();
  if (when.role && (*when.role == ServerRole::standby) != facts.in_recovery) {
    return *when.role == ServerRole::standby ? "only on a standby" : "only on a primary";
  }
  if (!when.extension.empty()) {
    const auto extension = facts.extensions.find(when.extension);
    if (extension == facts.extensions.end()) {
      return fmt::format("the extension {0} is not installed in database {1} (CREATE EXTENSION {0})", when.extension,
                         facts.database);
    }
    if (!when.extension_version.contains(extension->second.version)) {
      return fmt::format("needs {} {}", when.extension, when.extension_version.text());
    }
  }
  if (!when.relation.empty() && !privileges.readable(when.relation)) {
    return fmt::format("{} does not exist in database {} or may not be read", when.relation, facts.database);
  }
  if (!when.function.empty() && !privileges.executable(when.function)) {
    return fmt::format("{} does not exist or may not be executed by the role", when.function);
  }
  if (!when.member_of.empty() && !privileges.member_of(when.member_of)) {
    return fmt::format("the role has not the privileges of {0} (GRANT {0}{1} to it)", when.member_of,
                       when.member_of.starts_with("pg_read_all_s") ? " or pg_monitor" : "");
  }
  return {};
}

std::vector<std::string> decode_presets(Section& section) {
  const auto value = section.value("presets");
  if (!value) return {"managed", "standard", "full"};
  std::vector<std::string> presets;
  for (const YamlValue& item : value->items()) {
    const auto name = item.text();
    const auto& known = catalog_presets();
    if (name && std::find(known.begin(), known.end(), *name) == known.end()) {
      item.fail(fmt::format("there is no preset {}; allowed is {}", item.shown(), join(known, ", ")));
    }
    if (name) presets.push_back(*name);
  }
  return presets;
}

// The walk tells databases apart by this label.
void require_database_label(const CatalogEntry& entry, const Section& section) {
  const auto names_it = [](const CatalogColumn& column) { return column.name == "datname" && column.is_label(); };
  if (entry.scope == Scope::database && std::none_of(entry.columns.begin(), entry.columns.end(), names_it)) {
    section.fail("a query of scope database needs the label column datname (current_database() AS datname)");
  }
}

void check_families(const std::vector<CatalogEntry>& entries) {
  std::map<std::string, std::string> owner;
  for (const CatalogEntry& entry : entries) {
    for (const CatalogColumn& column : entry.columns) {
      if (!column.is_value()) continue;
      const auto [known, is_new] = owner.emplace(column.metric, entry.name);
      if (!is_new) {
        throw Error(Error::Kind::invalid, fmt::format("catalogue: {} is defined twice, in {} and {}", column.metric,
                                                      known->second, entry.name));
      }
    }
  }
}

}  // namespace

std::vector<const CatalogColumn*> CatalogEntry::columns_for(int server_version) const {
  std::vector<const CatalogColumn*> result;
  for (const CatalogColumn& column : columns) {
    if (column.server.contains_server(server_version)) result.push_back(&column);
  }
  return result;
}

std::string_view to_string(CatalogColumn::Usage usage) {
  switch (usage) {
    case CatalogColumn::Usage::label: return "label";
    case CatalogColumn::Usage::gauge: return "gauge";
    case CatalogColumn::Usage::counter: return "counter";
    case CatalogColumn::Usage::unknown: return "unknown";
    case CatalogColumn::Usage::discard: return "discard";
  }
  return "unknown";
}

MetricType CatalogColumn::type() const {
  if (usage == Usage::counter) return MetricType::counter;
  return usage == Usage::gauge ? MetricType::gauge : MetricType::unknown;
}

const std::vector<std::string>& catalog_presets() {
  static const std::vector<std::string> presets{"minimal", "managed", "standard", "full"};
  return presets;
}

CatalogEntry decode_catalog_entry(Section& section) {
  CatalogEntry entry;
  entry.name = section.require_text("name");
  entry.help = section.require_text("help");
  entry.scope =
      section.choice("scope", "cluster", {"cluster", "database"}) == "database" ? Scope::database : Scope::cluster;
  entry.presets = decode_presets(section);
  entry.max_series = static_cast<std::size_t>(section.integer("max_series", 50000, 1, 100'000'000));
  entry.compat = decode_compat(section);
  entry.interval = section.duration("interval", seconds(15), seconds(1), std::chrono::hours(24));
  entry.timeout = section.duration("timeout", seconds(2), milliseconds(50), std::chrono::minutes(10));
  const std::string prefix = section.require_text("metric_prefix");
  for (Section& variant : section.sections("variants")) entry.variants.push_back(decode_variant(variant));
  if (entry.variants.empty()) section.fail("variants: at least one query is needed");
  if (auto columns = section.section("columns")) {
    for (const auto& [name, value] : columns->members()) entry.columns.push_back(decode_column(name, value, prefix));
  } else {
    section.fail("columns is missing");
  }
  require_database_label(entry, section);
  section.finish();
  return entry;
}

std::vector<CatalogEntry> built_in_catalog() {
  Problems problems;
  std::vector<CatalogEntry> entries;
  for (const EmbeddedFile& file : embedded_catalog()) {
    auto section = Section::parse(file.content, "collectors/catalog/" + std::string(file.name), problems);
    if (section) entries.push_back(decode_catalog_entry(*section));
  }
  if (!problems.empty()) throw Error(Error::Kind::invalid, "catalogue:\n" + join(problems.lines(), "\n"));
  check_families(entries);
  return entries;
}

VariantChoice choose_variant(const CatalogEntry& entry, const ServerFacts& facts, const Privileges& privileges) {
  VariantChoice choice;
  for (const CatalogVariant& variant : entry.variants) {
    const std::string missing = missing_for(variant.when, facts, privileges);
    if (missing.empty()) return {&variant, {}};
    if (choice.reason.find(missing) == std::string::npos)
      choice.reason += (choice.reason.empty() ? "" : "; ") + missing;
  }
  return choice;
}

void drop_compat(std::vector<CatalogEntry>& entries) {
  std::erase_if(entries, [](const CatalogEntry& entry) { return entry.compat; });
  for (CatalogEntry& entry : entries) {
    for (CatalogColumn& column : entry.columns) {
      if (column.compat) column.usage = CatalogColumn::Usage::discard;
    }
  }
}

}  // namespace pgvigil
