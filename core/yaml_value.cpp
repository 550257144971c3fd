#include "core/yaml_value.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/text.h"

namespace pgvigil {

// A yaml-cpp node with what it takes to name its place. yaml-cpp gives an empty value the next token's position, so a
// member carries its key's position and uses it when the value is null.
struct YamlValue::Node {
  YAML::Node yaml;
  std::string file;
  int line = 0;  // from 1
  int column = 0;
  Problems* problems = nullptr;
  std::optional<YamlValue> patch = std::nullopt;
};

namespace {

YamlValue make_value(const YAML::Node& yaml, const YAML::Mark& mark, const std::string& file, Problems& problems) {
  return YamlValue(
      std::make_shared<const YamlValue::Node>(YamlValue::Node{yaml, file, mark.line + 1, mark.column + 1, &problems}));
}

// Replaces ${NAME}; nullopt with `missing` set when the environment lacks one.
std::optional<std::string> expand(std::string_view text, std::string& missing) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "$${") {
      result += "${";
      i += 2;
    } else if (const auto end = text.find('}', i); text.substr(i, 2) == "${" && end != std::string_view::npos) {
      const std::string name(text.substr(i + 2, end - i - 2));
      const char* value = std::getenv(name.c_str());
      if (value == nullptr) {
        missing = name;
        return std::nullopt;
      }
      result += value;
      i = end;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> parse_number_with_unit(std::string_view text) {
  if (const auto plain = parse_number(text)) return plain;
  if (text.ends_with('%')) {
    const auto percent = parse_number(text.substr(0, text.size() - 1));
    if (percent) return *percent / 100;
  }
  if (const auto duration = parse_duration(text)) return std::chrono::duration<double>(*duration).count();
  if (const auto size = parse_size(text)) return static_cast<double>(*size);
  return std::nullopt;
}

constexpr std::string_view duration_rule = "a duration such as 15s, 5m, 1h30m or 7d";
constexpr std::string_view size_rule = "a size such as 512kB, 10MB or 10GB";

}  // namespace

std::optional<YamlValue> YamlValue::parse(std::string_view text, const std::string& name, Problems& problems) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      const YAML::Mark second = documents[1].Mark();
      problems.add(fmt::format("{}:{}:{}", name, second.line + 1, second.column + 1),
                   "a second document begins here (---); a file holds one");
    }
    const YAML::Node root = documents.empty() ? YAML::Node() : documents.front();
    if (!root.IsDefined() || root.IsNull()) return make_value(YAML::Node(YAML::NodeType::Map), {}, name, problems);
    return make_value(root, root.Mark(), name, problems);
  } catch (const YAML::Exception& error) {
    problems.add(fmt::format("{}:{}:{}", name, error.mark.line + 1, error.mark.column + 1), "not YAML: " + error.msg);
    return std::nullopt;
  }
}

const std::string& YamlValue::file() const {
  return node_->file;
}
Problems& YamlValue::problems() const {
  return *node_->problems;
}
std::string YamlValue::where() const {
  return fmt::format("{}:{}:{}", node_->file, node_->line, node_->column);
}
std::string YamlValue::written() const {
  return node_->yaml.Scalar();
}
std::string YamlValue::shown() const {
  return fmt::format("'{}'", one_line(node_->yaml.Scalar(), 60));
}
bool YamlValue::is_map() const {
  return node_->yaml.IsMap();
}
bool YamlValue::is_list() const {
  return node_->yaml.IsSequence();
}
bool YamlValue::is_scalar() const {
  return node_->yaml.IsScalar();
}
void YamlValue::fail(const std::string& what) const {
  node_->problems->add(where(), what);
}

std::optional<std::string> YamlValue::text() const {
  if (!is_scalar()) {
    fail(fmt::format("{} where a text is expected", is_map() ? "a map" : is_list() ? "a list" : "nothing"));
    return std::nullopt;
  }
  std::string missing;
  auto result = expand(node_->yaml.Scalar(), missing);
  if (!result) fail(fmt::format("the environment variable {} is not set", missing));
  return result;
}

namespace {

// The text of `value` through `parse`, or a problem that says what is allowed.
template <typename T>
std::optional<T> parsed(const YamlValue& value, std::optional<T> (*parse)(std::string_view), std::string_view allowed) {
  const auto text = value.text();
  if (!text) return std::nullopt;
  const auto result = parse(*text);
  if (!result) value.fail(fmt::format("{} is not {}", value.shown(), allowed));
  return result;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool octal_looking = digits.size() > 1 && digits.front() == '0';
  if (error != std::errc() || end != text.data() + text.size() || octal_looking) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> YamlValue::integer() const {
  return parsed(*this, parse_integer, "a whole number");
}
std::optional<bool> YamlValue::boolean() const {
  return parsed(*this, parse_boolean, "true or false");
}
std::optional<milliseconds> YamlValue::duration() const {
  return parsed(*this, parse_duration, duration_rule);
}
std::optional<std::int64_t> YamlValue::size() const {
  return parsed(*this, parse_size, size_rule);
}
std::optional<double> YamlValue::number() const {
  return parsed(*this, parse_number_with_unit, "a number, a percentage (80%), a duration (5m) or a size (10GB)");
}

std::vector<YamlValue> YamlValue::items() const {
  std::vector<YamlValue> result;
  if (!is_list()) {
    fail("a list is expected");
    return result;
  }
  for (const YAML::Node& item : node_->yaml) {
    result.push_back(make_value(item, item.Mark(), node_->file, *node_->problems));
  }
  return result;
}

namespace {

using Members = std::vector<std::pair<YamlValue, YamlValue>>;

bool is_null(const YamlValue& value) {
  return !value.is_map() && !value.is_list() && !value.is_scalar();
}

void patch_members(Members& members, const Members& patch) {
  for (const auto& [key, value] : patch) {
    const std::string name = key.written();
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&name](const auto& member) { return member.first.written() == name; });
    if (is_null(value)) {
      if (found != members.end()) members.erase(found);
    } else if (found == members.end()) {
      members.emplace_back(key, value);
    } else {
      found->second = found->second.is_map() && value.is_map() ? found->second.patched(value) : value;
    }
  }
}

}  // namespace

YamlValue YamlValue::patched(const YamlValue& patch) const {
  Node result = *node_;
  result.patch = node_->patch ? node_->patch->patched(patch) : patch;
  return YamlValue(std::make_shared<const Node>(std::move(result)));
}

Members YamlValue::members() const {
  Members result;
  if (!is_map()) return result;
  for (const auto& member : node_->yaml) {
    const YAML::Mark mark = member.second.IsNull() ? member.first.Mark() : member.second.Mark();
    result.emplace_back(make_value(member.first, member.first.Mark(), node_->file, *node_->problems),
                        make_value(member.second, mark, node_->file, *node_->problems));
  }
  if (node_->patch) patch_members(result, node_->patch->members());
  return result;
}

}  // namespace pgvigil
