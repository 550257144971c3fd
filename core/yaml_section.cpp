#include "core/yaml_section.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
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
};

namespace {

using NodePtr = std::shared_ptr<const YamlValue::Node>;

NodePtr make_node(const YAML::Node& yaml, const YAML::Mark& mark, const std::string& file, Problems& problems) {
  return std::make_shared<const YamlValue::Node>(
      YamlValue::Node{yaml, file, mark.line + 1, mark.column + 1, &problems});
}

std::string shown(std::string_view text) {
  return fmt::format("'{}'", one_line(text, 60));
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

std::string YamlValue::where() const {
  return fmt::format("{}:{}:{}", node_->file, node_->line, node_->column);
}
std::string YamlValue::written() const {
  return node_->yaml.Scalar();
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
  if (!result) value.fail(fmt::format("{} is not {}", shown(value.written()), allowed));
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
    result.emplace_back(make_node(item, item.Mark(), node_->file, *node_->problems));
  }
  return result;
}

Section::Section(YamlValue value) : value_(std::move(value)) {
  std::set<std::string> seen;
  if (!value_.is_map()) return;
  for (const auto& member : value_.node_->yaml) {
    if (!member.first.IsScalar()) {
      YamlValue(make_node(member.first, member.first.Mark(), value_.node_->file, *value_.node_->problems))
          .fail("a key must be a plain text");
    } else if (!seen.insert(member.first.Scalar()).second) {
      YamlValue(make_node(member.first, member.first.Mark(), value_.node_->file, *value_.node_->problems))
          .fail(fmt::format("{}: this key stands here twice", member.first.Scalar()));
    }
  }
}

std::optional<Section> Section::load(const std::filesystem::path& file, Problems& problems) {
  try {
    return parse(read_file(file), file.string(), problems);
  } catch (const Error& error) {
    problems.add(fmt::format("{}:1:1", file.string()), error.what());
    return std::nullopt;
  }
}

std::optional<Section> Section::parse(std::string_view text, const std::string& name, Problems& problems) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      const YAML::Mark second = documents[1].Mark();
      problems.add(fmt::format("{}:{}:{}", name, second.line + 1, second.column + 1),
                   "a second document begins here (---); a file holds one");
    }
    const YAML::Node root = documents.empty() ? YAML::Node() : documents.front();
    const bool empty = !root.IsDefined() || root.IsNull();
    YamlValue value(
        make_node(empty ? YAML::Node(YAML::NodeType::Map) : root, empty ? YAML::Mark() : root.Mark(), name, problems));
    if (!value.is_map()) {
      value.fail("a map (key: value) is expected");
      return std::nullopt;
    }
    return Section(std::move(value));
  } catch (const YAML::Exception& error) {
    problems.add(fmt::format("{}:{}:{}", name, error.mark.line + 1, error.mark.column + 1), "not YAML: " + error.msg);
    return std::nullopt;
  }
}

Problems& Section::problems() const {
  return *value_.node_->problems;
}

bool Section::has(std::string_view key) const {
  const YAML::Node& yaml = value_.node_->yaml;
  return std::any_of(yaml.begin(), yaml.end(),
                     [&](const auto& member) { return member.first.IsScalar() && member.first.Scalar() == key; });
}

std::optional<YamlValue> Section::value(std::string_view key) {
  asked_.emplace(key);
  if (!value_.is_map()) return std::nullopt;
  for (const auto& member : value_.node_->yaml) {
    if (!member.first.IsScalar() || member.first.Scalar() != key) continue;
    const YAML::Mark mark = member.second.IsNull() ? member.first.Mark() : member.second.Mark();
    return YamlValue(make_node(member.second, mark, value_.node_->file, *value_.node_->problems));
  }
  return std::nullopt;
}

std::optional<YamlValue> Section::require(std::string_view key) {
  auto result = value(key);
  if (!result) fail(fmt::format("{} is missing", key));
  return result;
}

std::string Section::text(std::string_view key, std::string fallback) {
  const auto found = value(key);
  if (!found) return fallback;
  return found->text().value_or(std::move(fallback));
}

std::string Section::require_text(std::string_view key) {
  const auto found = require(key);
  if (!found) return {};
  const auto result = found->text();
  if (result && result->empty()) found->fail(fmt::format("{} is empty", key));
  return result.value_or("");
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const auto found = value(key);
  if (!found) return fallback;
  const auto result = found->integer();
  if (!result) return fallback;
  if (*result >= min && *result <= max) return *result;
  found->fail(fmt::format("{} is {}; allowed is {} to {}", key, *result, min, max));
  return fallback;
}

double Section::number(std::string_view key, double fallback) {
  const auto found = value(key);
  return found ? found->number().value_or(fallback) : fallback;
}

bool Section::boolean(std::string_view key, bool fallback) {
  const auto found = value(key);
  return found ? found->boolean().value_or(fallback) : fallback;
}

milliseconds Section::duration(std::string_view key, milliseconds fallback, milliseconds min, milliseconds max) {
  const auto found = value(key);
  if (!found) return fallback;
  const auto result = found->duration();
  if (!result) return fallback;
  if (*result >= min && *result <= max) return *result;
  found->fail(fmt::format("{} is {}; allowed is {} to {}", key, format_duration(*result), format_duration(min),
                          format_duration(max)));
  return fallback;
}

std::int64_t Section::size(std::string_view key, std::int64_t fallback) {
  const auto found = value(key);
  return found ? found->size().value_or(fallback) : fallback;
}

std::vector<std::string> Section::texts(std::string_view key) {
  std::vector<std::string> result;
  const auto found = value(key);
  if (!found) return result;
  for (const YamlValue& item : found->is_list() ? found->items() : std::vector<YamlValue>{*found}) {
    if (auto text = item.text()) result.push_back(std::move(*text));
  }
  return result;
}

std::string Section::choice(std::string_view key, const std::string& fallback,
                            const std::vector<std::string>& allowed) {
  const auto found = value(key);
  const auto result = found ? found->text() : std::nullopt;
  if (!result) return fallback;
  if (std::find(allowed.begin(), allowed.end(), *result) != allowed.end()) return *result;
  found->fail(fmt::format("{} is {}; allowed is {}", key, shown(found->written()), join(allowed, ", ")));
  return fallback;
}

Secret Section::secret(std::string_view key) {
  const std::string file_key = fmt::format("{}_file", key);
  const auto direct = value(key);
  const auto file = value(file_key);
  if (direct && file) {
    file->fail(fmt::format("both {} and {} are given; one is enough", key, file_key));
    return {};
  }
  if (direct) {
    const auto text = direct->text();
    if (text && text->empty()) direct->fail(fmt::format("{} is empty", key));
    return Secret(text.value_or(""));
  }
  if (!file) return {};
  const std::filesystem::path where_it_is = path(file_key);
  try {
    std::string content = read_file(where_it_is, 64UL * 1024);
    if (content.ends_with('\n')) content.pop_back();
    if (content.ends_with('\r')) content.pop_back();
    if (content.empty()) file->fail(fmt::format("{} is empty", where_it_is.string()));
    return Secret(std::move(content));
  } catch (const Error& error) {
    file->fail(error.what());
    return {};
  }
}

std::filesystem::path Section::path(std::string_view key, const std::filesystem::path& fallback) {
  const auto found = value(key);
  const auto text = found ? found->text() : std::nullopt;
  if (!text) return fallback;
  if (text->empty()) {
    found->fail(fmt::format("{} is empty; a path is expected", key));
    return fallback;
  }
  return std::filesystem::absolute(std::filesystem::path(value_.node_->file).parent_path() / *text).lexically_normal();
}

std::vector<std::filesystem::path> Section::paths(std::string_view key) {
  const std::filesystem::path folder = std::filesystem::path(value_.node_->file).parent_path();
  std::vector<std::filesystem::path> result;
  for (const std::string& text : texts(key)) {
    result.push_back(std::filesystem::absolute(folder / text).lexically_normal());
  }
  return result;
}

std::optional<Section> Section::section(std::string_view key) {
  const auto found = value(key);
  if (!found) return std::nullopt;
  if (!found->is_map()) {
    found->fail(fmt::format("{} must be a map (key: value)", key));
    return std::nullopt;
  }
  return Section(*found);
}

std::vector<Section> Section::sections(std::string_view key) {
  std::vector<Section> result;
  const auto found = value(key);
  if (!found) return result;
  for (const YamlValue& item : found->items()) {
    if (item.is_map()) {
      result.emplace_back(item);
    } else {
      item.fail(fmt::format("{} must be a list of maps", key));
    }
  }
  return result;
}

std::vector<std::pair<std::string, YamlValue>> Section::members() {
  std::vector<std::pair<std::string, YamlValue>> result;
  for (const auto& member : value_.node_->yaml) {
    if (!member.first.IsScalar()) continue;
    const std::string& key = member.first.Scalar();
    if (auto found = value(key)) result.emplace_back(key, std::move(*found));
  }
  return result;
}

void Section::finish() {
  if (!value_.is_map()) return;
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& member : value_.node_->yaml) {
    if (!member.first.IsScalar() || asked_.contains(member.first.Scalar())) continue;
    const std::string& key = member.first.Scalar();
    const auto guess = closest(key, known);
    YamlValue(make_node(member.first, member.first.Mark(), value_.node_->file, *value_.node_->problems))
        .fail(guess ? fmt::format("unknown key {} (did you mean {}?)", shown(key), *guess)
                    : fmt::format("unknown key {}; allowed is {}", shown(key), join(known, ", ")));
  }
}

}  // namespace pgvigil
