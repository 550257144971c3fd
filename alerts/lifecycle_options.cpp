#include "alerts/lifecycle_options.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>

namespace pgvigil {

namespace {

constexpr milliseconds longest_time = std::chrono::hours(24 * 30);

milliseconds decode_time(Section& section, std::string_view key, milliseconds fallback, milliseconds least = {}) {
  return section.duration(key, fallback, least, longest_time);
}

NoData decode_no_data(Section& section) {
  const std::string name = section.choice("no_data", "keep", {"keep", "fire", "ok"});
  if (name == "fire") return NoData::fire;
  return name == "ok" ? NoData::ok : NoData::keep;
}

// A whole number without sign; nullopt for anything else.
std::optional<int> parse_count(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && text.front() != '-';
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<MOfN> parse_m_of_n(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto m = parse_count(text.substr(0, slash));
  const auto n = parse_count(text.substr(slash + 1));
  if (!m || !n || *m < 1 || *m > *n || *n > MOfN::longest) return std::nullopt;
  return MOfN{*m, *n};
}

std::optional<MOfN> decode_m_of_n(Section& section) {
  const auto value = section.value("m_of_n");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return std::nullopt;
  const auto result = parse_m_of_n(*text);
  if (!result) value->fail("m_of_n is two numbers such as 3/5: 3 of the last 5 looks; the second is at most 64");
  return result;
}

FlappingPolicy decode_flapping(Section& section) {
  FlappingPolicy policy;
  const auto value = section.value("flapping");
  if (!value) return policy;
  if (value->is_scalar()) {
    if (value->text() != "off") value->fail("flapping is { cycles: 4, window: 1h }, or off");
    return {0, policy.window};
  }
  auto entry = section.section("flapping");
  if (!entry) return policy;
  policy.cycles = static_cast<int>(entry->integer("cycles", policy.cycles, 2, FlappingPolicy::most_cycles));
  policy.window = decode_time(*entry, "window", policy.window, std::chrono::minutes(1));
  entry->finish();
  return policy;
}

void refuse(Section& section, std::string_view key, std::string_view why) {
  if (const auto value = section.value(key)) value->fail(fmt::format("{}{}", key, why));
}

}  // namespace

LifecyclePolicy decode_lifecycle(Section& rule) {
  LifecyclePolicy policy;
  policy.event = rule.choice("type", "condition", {"condition", "event"}) == "event";
  if (policy.event) {
    for (const char* key : {"clear_for", "m_of_n", "flapping"}) {
      refuse(rule, key, ": an event opens when it is seen once, and stays open for resolve_after");
    }
    policy.resolve_after = decode_time(rule, "resolve_after", policy.resolve_after, seconds(1));
  } else {
    refuse(rule, "resolve_after", " belongs to type: event; a condition has clear_for");
    policy.clear_for = decode_time(rule, "clear_for", policy.clear_for);
    policy.m_of_n = decode_m_of_n(rule);
    policy.flapping = decode_flapping(rule);
  }
  policy.no_data = decode_no_data(rule);
  if (policy.no_data == NoData::keep) refuse(rule, "no_data_for", " says nothing with no_data: keep");
  policy.no_data_for = decode_time(rule, "no_data_for", policy.no_data_for, seconds(1));
  return policy;
}

milliseconds decode_hold_for(Section& section, const LifecyclePolicy& policy) {
  if (policy.event) refuse(section, "for", ": an event opens when it is seen once");
  return decode_time(section, "for", milliseconds(0));
}

}  // namespace pgvigil
