#include "core/yaml_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace pgvigil {

Section::Section(YamlValue value) : value_(std::move(value)), members_(value_.members()) {
  std::set<std::string> seen;
  for (const auto& [key, member] : members_) {
    if (!key.is_scalar()) {
      key.fail("a key must be a plain text");
    } else if (!seen.insert(key.written()).second) {
      key.fail(fmt::format("{}: this key stands here twice", key.written()));
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
  auto root = YamlValue::parse(text, name, problems);
  if (!root) return std::nullopt;
  if (!root->is_map()) {
    root->fail("a map (key: value) is expected");
    return std::nullopt;
  }
  return Section(std::move(*root));
}

const YamlValue* Section::find(std::string_view key) const {
  const auto named = [&](const auto& member) { return member.first.is_scalar() && member.first.written() == key; };
  const auto found = std::find_if(members_.begin(), members_.end(), named);
  return found == members_.end() ? nullptr : &found->second;
}

std::optional<YamlValue> Section::value(std::string_view key) {
  asked_.emplace(key);
  const YamlValue* found = find(key);
  return found == nullptr ? std::nullopt : std::optional(*found);
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
  found->fail(fmt::format("{} is {}; allowed is {}", key, found->shown(), join(allowed, ", ")));
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
  return std::filesystem::absolute(std::filesystem::path(value_.file()).parent_path() / *text).lexically_normal();
}

std::vector<std::filesystem::path> Section::paths(std::string_view key) {
  const std::filesystem::path folder = std::filesystem::path(value_.file()).parent_path();
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
  for (const auto& [key, member] : members_) {
    if (!key.is_scalar()) continue;
    asked_.insert(key.written());
    result.emplace_back(key.written(), member);
  }
  return result;
}

void Section::finish() {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& [key, member] : members_) {
    if (!key.is_scalar() || asked_.contains(key.written())) continue;
    const auto guess = closest(key.written(), known);
    key.fail(guess ? fmt::format("unknown key {} (did you mean {}?)", key.shown(), *guess)
                   : fmt::format("unknown key {}; allowed is {}", key.shown(), join(known, ", ")));
  }
}

}  // namespace pgvigil
