#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/secret.h"

namespace pgvigil {

// Everything that is wrong with a set of YAML files, so that a person sees all of it at once.
class Problems {
 public:
  // `where` is FILE:LINE:COLUMN.
  void add(const std::string& where, const std::string& what) { lines_.push_back(where + ": " + what); }
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// One value of a YAML file, with its place. Scalars are read strictly: 010 is ten or an error, never eight; "15" is no
// duration. A wrong value is reported to Problems and the reading goes on with the fallback.
class YamlValue {
 public:
  struct Node;  // hides yaml-cpp
  explicit YamlValue(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

  std::string where() const;    // FILE:LINE:COLUMN
  std::string written() const;  // a scalar as it stands in the file, fit for messages: without what ${NAME} stands for
  bool is_map() const;
  bool is_list() const;
  bool is_scalar() const;
  void fail(const std::string& what) const;  // reports a problem at this place

  // nullopt after having reported what is wrong and what is allowed.
  std::optional<std::string> text() const;  // ${NAME} is replaced by the environment; $${ is a literal ${
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;  // also "80%" (0.8), durations ("5m", in seconds) and sizes ("10GB")
  std::optional<bool> boolean() const;
  std::optional<milliseconds> duration() const;
  std::optional<std::int64_t> size() const;
  std::vector<YamlValue> items() const;  // of a list

 private:
  friend class Section;
  std::shared_ptr<const Node> node_;
};

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

  std::string where() const { return value_.where(); }
  void fail(const std::string& what) const { value_.fail(what); }
  Problems& problems() const;  // where fail() reports, for a part that reads further files

  bool has(std::string_view key) const;
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
  YamlValue value_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace pgvigil
