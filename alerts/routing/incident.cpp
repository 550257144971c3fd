#include "alerts/routing/incident.h"

#include <algorithm>

#include "core/sha256.h"

namespace pgvigil {

namespace {

constexpr const char* prefix = "pgvigil:";

// Its length in front, so that no two different lists of parts make the same text.
std::string part(std::string_view text) {
  return std::to_string(text.size()) + ":" + std::string(text);
}

std::string text_of(std::optional<Level> level) {
  return level ? std::string(to_string(*level)) : std::string();
}

}  // namespace

bool Incident::over() const {
  return std::none_of(members.begin(), members.end(), [](const auto& entry) { return entry.second.news.firing; });
}

bool Incident::unsaid() const {
  return std::any_of(members.begin(), members.end(), [](const auto& entry) { return entry.second.unsaid; });
}

std::string alert_key(const std::string& instance, const std::string& alert, std::optional<Level> level) {
  return prefix + sha256_hex(part(instance) + alert + text_of(level));
}

std::string group_key(const std::string& instance, const std::string& target, const Labels& group) {
  std::string text = part(instance) + part(target);
  for (const auto& [name, value] : group) text += part(name) + part(value);
  return prefix + sha256_hex("group " + text);
}

std::string digest_key(const std::string& group_key, std::optional<Level> level) {
  return level ? prefix + sha256_hex("digest " + group_key + text_of(level)) : group_key;
}

}  // namespace pgvigil
