#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backup/digest_stage.h"
#include "collectors/backup/row_counts.h"
#include "core/clock.h"
#include "core/json.h"

namespace pgvigil {

// One file of a backup set.
struct StoredObject {
  std::string name;
  std::string compression;  // "zstd" or "none"
  Digest raw;               // before compression
  Digest stored;            // as it lies in the store

  bool operator==(const StoredObject&) const = default;
};

// The server and database that a backup was taken of.
struct SourceFacts {
  std::string system_identifier;  // "" when the server does not tell
  int version = 0;                // 150018
  std::string version_text;       // "15.18 (Debian …)"
  std::string database;
  std::string encoding;
  std::string collate;
  std::string ctype;
  std::string bootstrap_role;  // the superuser that initdb made: memberships may be granted in its name
  std::map<std::string, std::string, std::less<>> extensions;  // name -> version

  bool operator==(const SourceFacts&) const = default;
};

// What a backup set is: written last and once beside its objects. A backup exists only when its manifest does.
struct Manifest {
  std::string id;
  std::string job;
  std::string kind = "logical";
  SourceFacts source;
  std::string tool_version;  // of pg_dump
  WallTime started;
  WallTime finished;
  WallTime snapshot;   // the instant whose data the backup holds
  double seconds = 0;  // from start to finish, by the monotonic clock
  std::vector<StoredObject> objects;
  std::vector<TableRows> tables;

  // The object of that name, nullptr when there is none.
  const StoredObject* find(std::string_view name) const;

  std::int64_t raw_bytes() const;
  std::int64_t stored_bytes() const;

  bool operator==(const Manifest&) const = default;
};

Json to_json(const Manifest& manifest);

// Throws Error::invalid: not a manifest, or one of a newer format.
Manifest manifest_from_json(const Json& json);

// The names of a logical set's objects.
std::string dump_object_name(std::string_view database);
inline constexpr std::string_view globals_object_name = "globals.sql";

}  // namespace pgvigil
