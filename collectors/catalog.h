#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/connections.h"
#include "collectors/version_range.h"
#include "core/clock.h"
#include "core/sample.h"
#include "core/yaml_section.h"

namespace pgvigil {

// A column of a collector's query: a label, or the value of a metric.
struct CatalogColumn {
  enum class Usage { label, gauge, counter, unknown, discard };
  std::string name;
  Usage usage = Usage::label;
  std::string metric;  // the family's whole name; empty for a label and for what is discarded
  std::string help;
  double scale = 1;
  VersionRange server;  // the servers on which the query returns it

  bool compat = false;  // only for the sake of postgres_exporter's names

  bool is_label() const { return usage == Usage::label; }
  bool is_value() const { return usage != Usage::label && usage != Usage::discard; }
  MetricType type() const;
};

// As catalogue files write it: "label", "gauge", ….
std::string_view to_string(CatalogColumn::Usage usage);

enum class ServerRole { primary, standby };

// When a variant of a query can be used. What is absent is no condition.
struct CatalogCondition {
  VersionRange server;
  std::optional<ServerRole> role;
  std::string extension;
  VersionRange extension_version;
  std::string relation;   // schema.name: must exist and be readable
  std::string function;   // name(argument types): must exist, and the role may execute it
  std::string member_of;  // a role whose privileges the agent's role must have
};

struct CatalogVariant {
  CatalogCondition when;
  std::string query;
};

enum class Scope {
  cluster,   // what a query in any database says of the whole server: read once
  database,  // what only a session in that database sees: read in each that is walked
};

// One SQL collector as a file of the catalogue describes it: the query, its variants, what its columns mean.
struct CatalogEntry {
  std::string name;
  std::string help;
  Scope scope = Scope::cluster;
  milliseconds interval{0};
  milliseconds timeout{0};
  std::vector<std::string> presets;  // in which it is on
  std::size_t max_series = 50000;    // of all databases; rows beyond are left out and counted
  bool compat = false;               // only for the sake of postgres_exporter's names
  bool users_own = false;  // from a user's file: checked before a session runs it first, and run as a guarded query
  std::vector<CatalogVariant> variants;
  std::vector<CatalogColumn> columns;

  // The columns that the query returns on a server of this version, in their order in the file.
  std::vector<const CatalogColumn*> columns_for(int server_version) const;
};

// Reports to the section's Problems what is wrong; the entry is then not to be used.
CatalogEntry decode_catalog_entry(Section& section);

// The files that are part of the binary. Throws Error::invalid when one is wrong or two define one family, which the
// build has made sure does not happen.
std::vector<CatalogEntry> built_in_catalog();

// The variant to use on this server, or why there is none.
struct VariantChoice {
  const CatalogVariant* variant = nullptr;
  std::string reason;
};

// What a variant asks of the server only when its other conditions hold.
struct Privileges {
  std::function<bool(const std::string& relation)> readable;
  std::function<bool(const std::string& function)> executable;
  std::function<bool(const std::string& role)> member_of = {};
};
VariantChoice choose_variant(const CatalogEntry& entry, const ServerFacts& facts, const Privileges& privileges);

// The names of presets, smallest first.
const std::vector<std::string>& catalog_presets();

// Takes out what exists only for postgres_exporter's names.
void drop_compat(std::vector<CatalogEntry>& entries);

}  // namespace pgvigil
