#include "collectors/custom_queries.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/metric_rules.h"
#include "collectors/query_files.h"

namespace pgvigil {

namespace {

bool valid_collector_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string owner_name(const CatalogEntry& entry) {
  return "the collector " + entry.name;
}

class CustomDecoder {
 public:
  CustomDecoder(const std::vector<CatalogEntry>& built_in, TakenNames taken)
      : built_in_(built_in), taken_(std::move(taken)) {}

  void decode_file(const std::filesystem::path& file, Problems& problems) {
    auto root = Section::load(file, problems);
    if (!root) return;
    if (!root->has("collectors")) {
      decode_entry(*root);
      return;
    }
    for (Section& entry : root->sections("collectors")) decode_entry(entry);
    root->finish();
  }

  CustomQueries result() && { return std::move(result_); }

 private:
  void decode_entry(Section& section) {
    CustomQuery query;
    query.overrides = section.boolean("override", false);
    query.entry = decode_catalog_entry(section);
    query.entry.users_own = true;
    if (!section.has("presets")) query.entry.presets = catalog_presets();  // who configured it wants it
    const auto name = section.value("name");
    query.where = name ? name->where() : section.where();
    if (name) take_name(query, *name);
    if (const auto columns = section.value("columns")) take_columns(query.entry, *columns);
    if (query.entry.timeout >= query.entry.interval) {
      result_.advice.push_back(query.where + ": the timeout is not shorter than the interval");
    }
    result_.queries.push_back(std::move(query));
  }

  void take_name(const CustomQuery& query, const YamlValue& place) {
    const std::string& name = query.entry.name;
    const auto known =
        std::find_if(built_in_.begin(), built_in_.end(), [&](const auto& entry) { return entry.name == name; });
    if (!valid_collector_name(name)) place.fail(fmt::format("'{}': a name has letters, digits, _ and - only", name));
    if (query.overrides && known == built_in_.end()) {
      place.fail(fmt::format("override: there is no built-in collector '{}' to take the place of", name));
    } else if (query.overrides && overridden_.insert(name).second) {
      taken_.release(*known);
    }
    if (taken_.collectors.insert(name).second) return;
    place.fail(
        known != built_in_.end() && !query.overrides
            ? fmt::format("there is a built-in collector '{0}'; with override: true this one takes its place", name)
            : fmt::format("there is a collector '{}' already", name));
  }

  void take_columns(const CatalogEntry& entry, const YamlValue& columns) {
    bool has_value = false;
    for (const auto& [key, value] : columns.members()) {
      const std::string name = key.is_scalar() ? key.written() : "";
      const auto column = std::find_if(entry.columns.begin(), entry.columns.end(),
                                       [&](const CatalogColumn& candidate) { return candidate.name == name; });
      if (column == entry.columns.end()) continue;
      has_value = has_value || column->is_value();
      check_column(entry, *column, key);
    }
    if (!has_value) columns.fail("no column is a gauge or a counter: there is nothing to export");
  }

  void check_column(const CatalogEntry& entry, const CatalogColumn& column, const YamlValue& place) {
    if (const std::string reason = forbidden(column); !reason.empty()) {
      place.fail(reason);
      return;
    }
    for (const std::string& advice : naming_advice(column)) result_.advice.push_back(place.where() + ": " + advice);
    if (!column.is_value()) return;
    if (const std::string* owner = taken_.owner_of(column.metric)) {
      place.fail(fmt::format("{} is defined by {} already", column.metric, *owner));
    } else {
      taken_.families.emplace(column.metric, owner_name(entry));
    }
  }

  const std::vector<CatalogEntry>& built_in_;
  TakenNames taken_;
  std::set<std::string> overridden_;
  CustomQueries result_;
};

}  // namespace

void TakenNames::take(const CatalogEntry& entry) {
  collectors.insert(entry.name);
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_value()) families.emplace(column.metric, owner_name(entry));
  }
}

void TakenNames::take(const std::string& family, const std::string& owner) {
  (family.ends_with('_') ? beginnings : families).emplace(family, owner);
}

const std::string* TakenNames::owner_of(std::string_view family) const {
  if (const auto known = families.find(family); known != families.end()) return &known->second;
  if (released.contains(family)) return nullptr;
  const auto known = std::find_if(beginnings.begin(), beginnings.end(),
                                  [&](const auto& beginning) { return family.starts_with(beginning.first); });
  return known == beginnings.end() ? nullptr : &known->second;
}

void TakenNames::release(const CatalogEntry& entry) {
  collectors.erase(entry.name);
  std::erase_if(families, [&](const auto& family) {
    const bool its = family.second == owner_name(entry);
    if (its) released.insert(family.first);
    return its;
  });
}

CustomQueries decode_custom_queries(Section& section, const std::vector<CatalogEntry>& built_in, TakenNames taken) {
  CustomDecoder decoder(built_in, std::move(taken));
  if (const auto list = section.value("queries")) {
    for (const YamlValue& item : list->items()) {
      for (const std::filesystem::path& file : query_files(item)) decoder.decode_file(file, section.problems());
    }
  }
  return std::move(decoder).result();
}

}  // namespace pgvigil
