#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/sample.h"

namespace pgvigil {

// A row of pg_settings.
struct ServerSetting {
  std::string name;     // "autovacuum_naptime", "pg_stat_statements.max"
  std::string value;    // as text, in `unit`
  std::string unit;     // "", "ms", "8kB", …
  std::string type;     // vartype
  std::string meaning;  // short_desc
};

// The setting as a gauge pg_settings_NAME, in seconds or bytes when it has a unit of time or size; named as
// postgres_exporter does. nullopt when it is no number: text, a list of words, or a value that a cloud provider
// replaced by a word.
std::optional<Family> settings_family(const ServerSetting& setting);

}  // namespace pgvigil
