#include "collectors/backup/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "collectors/backup/precise_time.h"
#include "core/error.h"

namespace pgvigil {

namespace {

constexpr std::int64_t format_version = 1;

// Reads one member; a manifest that lacks it cannot be trusted.
const Json& member(const Json& json, std::string_view key) {
  const Json& value = json[key];
  if (value.is_null()) throw Error(Error::Kind::invalid, fmt::format("not a manifest: \"{}\" is missing", key));
  return value;
}

WallTime time_member(const Json& json, std::string_view key) {
  const auto time = parse_precise_time(member(json, key).text());
  if (!time) throw Error(Error::Kind::invalid, fmt::format("not a manifest: \"{}\" is no time", key));
  return *time;
}

Json to_json(const Digest& digest) {
  return Json::Object{{"bytes", digest.bytes}, {"sha256", digest.sha256}};
}

Digest digest_from_json(const Json& json) {
  return {member(json, "bytes").integer(), member(json, "sha256").text()};
}

Json to_json(const SourceFacts& source) {
  Json::Object extensions;
  for (const auto& [name, version] : source.extensions) extensions.emplace_back(name, version);
  return Json::Object{{"system_identifier", source.system_identifier},
                      {"version", source.version},
                      {"version_text", source.version_text},
                      {"database", source.database},
                      {"encoding", source.encoding},
                      {"collate", source.collate},
                      {"ctype", source.ctype},
                      {"bootstrap_role", source.bootstrap_role},
                      {"extensions", extensions}};
}

SourceFacts source_from_json(const Json& json) {
  SourceFacts source;
  source.system_identifier = member(json, "system_identifier").text();
  source.version = static_cast<int>(member(json, "version").integer());
  source.version_text = member(json, "version_text").text();
  source.database = member(json, "database").text();
  source.encoding = member(json, "encoding").text();
  source.collate = member(json, "collate").text();
  source.ctype = member(json, "ctype").text();
  source.bootstrap_role = member(json, "bootstrap_role").text();
  for (const auto& [name, version] : member(json, "extensions").object()) source.extensions[name] = version.text();
  return source;
}

std::int64_t sum(const std::vector<StoredObject>& objects, Digest StoredObject::*digest) {
  return std::accumulate(
      objects.begin(), objects.end(), std::int64_t{0},
      [&](std::int64_t total, const StoredObject& object) { return total + (object.*digest).bytes; });
}

}  // namespace

const StoredObject* Manifest::find(std::string_view name) const {
  const auto found =
      std::find_if(objects.begin(), objects.end(), [&](const auto& object) { return object.name == name; });
  return found == objects.end() ? nullptr : &*found;
}

std::int64_t Manifest::raw_bytes() const {
  return sum(objects, &StoredObject::raw);
}
std::int64_t Manifest::stored_bytes() const {
  return sum(objects, &StoredObject::stored);
}

Json to_json(const Manifest& manifest) {
  Json::Array objects;
  for (const StoredObject& object : manifest.objects) {
    objects.emplace_back(Json::Object{{"name", object.name},
                                      {"compression", object.compression},
                                      {"raw", to_json(object.raw)},
                                      {"stored", to_json(object.stored)}});
  }
  Json::Array tables;
  for (const TableRows& table : manifest.tables) {
    tables.emplace_back(Json::Object{{"table", table.table}, {"rows", table.rows}, {"exact", table.exact}});
  }
  return Json::Object{{"format", format_version},
                      {"id", manifest.id},
                      {"job", manifest.job},
                      {"kind", manifest.kind},
                      {"source", to_json(manifest.source)},
                      {"tool_version", manifest.tool_version},
                      {"started", format_precise_time(manifest.started)},
                      {"finished", format_precise_time(manifest.finished)},
                      {"snapshot", format_precise_time(manifest.snapshot)},
                      {"seconds", manifest.seconds},
                      {"objects", objects},
                      {"tables", tables}};
}

Manifest manifest_from_json(const Json& json) {
  const std::int64_t format = member(json, "format").integer();
  if (format != format_version) {
    throw Error(Error::Kind::invalid,
                fmt::format("a manifest of format {}, this program knows format {}", format, format_version));
  }
  Manifest manifest;
  manifest.id = member(json, "id").text();
  manifest.job = member(json, "job").text();
  manifest.kind = member(json, "kind").text();
  manifest.source = source_from_json(member(json, "source"));
  manifest.tool_version = member(json, "tool_version").text();
  manifest.started = time_member(json, "started");
  manifest.finished = time_member(json, "finished");
  manifest.snapshot = time_member(json, "snapshot");
  manifest.seconds = member(json, "seconds").number();
  for (const Json& object : member(json, "objects").array()) {
    manifest.objects.push_back({member(object, "name").text(), member(object, "compression").text(),
                                digest_from_json(member(object, "raw")), digest_from_json(member(object, "stored"))});
  }
  for (const Json& table : member(json, "tables").array()) {
    manifest.tables.push_back(
        {member(table, "table").text(), member(table, "rows").integer(), member(table, "exact").boolean()});
  }
  return manifest;
}

std::string dump_object_name(std::string_view database) {
  std::string name;
  // A database may be called anything; a file's name must not leave its folder.
  for (const char c : database) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    name += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return name + ".dump.zst";
}

}  // namespace pgvigil
