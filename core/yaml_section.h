#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/secret.h"
#include "core/yaml_value.h"

namespace pgvigil {

// The members of one YAML map, read key by key by the part that owns them. finish() reports every key that nobody asked
// for, with the closest known one. Duplicate keys are reported when the section is made.
class Section {
 public:
  explicit Section(YamlValue value);

  // The root of a file, or nullopt after having reported that it cannot be read or parsed. An empty file is an empty
  // map.
  static std::optional<Section> load(const std::filesystem::path& file, Problems& problems);
  // The same from memory; `name` stands for the file's name in messages.
  static std::optional<Section> parse(std::string_view text, const std::string& name, Problems& problems);

  // This map with what the map `patch` says in place of its own (YamlValue::patched).
  Section patched(const YamlValue& patch) const { return Section(value_.patched(patch)); }

  std::string where() const { return value_.where(); }
  void fail(const std::string& what) const { value_.fail(what); }
  Problems& problems() const { return value_.problems(); }  // where fail() reports, for a part that reads further files

  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::optional<YamlValue> value(std::string_view key);
  std::optional<YamlValue> require(std::string_view key);  // reports a missing key

  // With a fallback for a key that is absent or wrong.
  std::string text(std::string_view key, std::string fallback = {});
  std::string require_text(std::string_view key);  // reports an absent or empty one
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max);
  double number(std::string_view key, double fallback);
  bool boolean(std::string_view key, bool fallback);
  milliseconds duration(std::string_view key, milliseconds fallback, milliseconds min, milliseconds max);
  std::int64_t size(std::string_view key, std::int64_t fallback);
  std::vector<std::string> texts(std::string_view key);  // a list of texts, or one text

  // One of `allowed`, otherwise the problem lists them.
  std::string choice(std::string_view key, const std::string& fallback, const std::vector<std::string>& allowed);

  // `key` itself, or the content of the file that `key_file` names (one line end in the end is dropped); not both.
  Secret secret(std::string_view key);

  // A path, relative ones from the folder of the file that names it.
  std::filesystem::path path(std::string_view key, const std::filesystem::path& fallback = {});
  std::vector<std::filesystem::path> paths(std::string_view key);  // a list of them, or one

  std::optional<Section> section(std::string_view key);      // a map
  std::vector<Section> sections(std::string_view key);       // a list of maps
  std::vector<std::pair<std::string, YamlValue>> members();  // all of them, for maps with free keys

  // Call when everything was read: reports what nobody asked for.
  void finish();

 private:
  const YamlValue* find(std::string_view key) const;

  YamlValue value_;
  std::vector<std::pair<YamlValue, YamlValue>> members_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace pgvigil
