#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"

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

  // The root of a document; nullopt after having reported what is no YAML. Nothing is an empty map. `name` stands for
  // the file's name in messages.
  static std::optional<YamlValue> parse(std::string_view text, const std::string& name, Problems& problems);

  const std::string& file() const;
  Problems& problems() const;   // where fail() reports
  std::string where() const;    // FILE:LINE:COLUMN
  std::string written() const;  // a scalar as it stands in the file, fit for messages: without what ${NAME} stands for
  std::string shown() const;    // the same, in quotes and cut to one short line
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
  std::vector<YamlValue> items() const;                          // of a list
  std::vector<std::pair<YamlValue, YamlValue>> members() const;  // of a map: keys, which may be of any kind, and values

  // This map with what the map `patch` says in place of its own, map by map; a member that is null there is left out.
  // Every value keeps its place in its own file.
  YamlValue patched(const YamlValue& patch) const;

 private:
  std::shared_ptr<const Node> node_;
};

}  // namespace pgvigil
