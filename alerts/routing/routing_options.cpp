#include "alerts/routing/routing_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr milliseconds longest_repeat = std::chrono::hours(24 * 30);

Matchers decode_matchers(Section& section, std::string_view key) {
  const auto value = section.value(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return {};
  std::string why;
  auto matchers = Matchers::parse(*text, why);
  if (!matchers) value->fail(fmt::format("{}, {}", key, why));
  return matchers.value_or(Matchers());
}

// A list of names of `what`, each of which must be one of `known`.
std::vector<std::string> decode_names(Section& section, std::string_view key, std::string_view what,
                                      const std::vector<std::string>& known) {
  std::vector<std::string> names = section.texts(key);
  const auto value = section.value(key);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto meant = closest(name, known);
    value->fail(fmt::format("there is no {} {}{}", what, name, meant ? fmt::format("; did you mean {}?", *meant) : ""));
  }
  return names;
}

GroupBy decode_group_by(Section& section, std::string_view key, GroupBy fallback) {
  if (!section.has(key)) return fallback;
  GroupBy result{section.texts(key), false};
  std::sort(result.labels.begin(), result.labels.end());
  const auto all = std::find(result.labels.begin(), result.labels.end(), "...");
  if (all == result.labels.end()) return result;
  if (result.labels.size() > 1) section.value(key)->fail("... stands alone: every alert has its own message");
  return {{}, true};
}

// What routes have in common when they do not say otherwise.
Route decode_defaults(Section& alerts, RoutingOptions& options) {
  Route route;
  auto section = alerts.section("group");
  if (!section) return route;
  route.group_by = decode_group_by(*section, "by", route.group_by);
  route.wait = section->duration("wait", route.wait, milliseconds(0), longest_group_wait);
  route.repeat = section->duration("repeat", route.repeat, milliseconds(0), longest_repeat);
  options.digest_after = static_cast<std::size_t>(section->integer("digest_after", 20, 1, 1000));
  section->finish();
  return route;
}

std::vector<MuteTime> decode_mute_times(Section& alerts) {
  std::vector<MuteTime> result;
  for (Section& section : alerts.sections("mute_times")) {
    MuteTime time = decode_mute_time(section);
    const auto same = [&](const MuteTime& other) { return !time.name.empty() && other.name == time.name; };
    if (std::any_of(result.begin(), result.end(), same)) {
      section.fail(fmt::format("two mute times have the name {}", time.name));
    }
    result.push_back(std::move(time));
  }
  return result;
}

Route decode_route(Section& section, Route route, const std::vector<std::string>& channels,
                   const std::vector<std::string>& mute_times) {
  route.match = decode_matchers(section, "match");
  section.require("to");
  route.to = decode_names(section, "to", "channel", channels);
  route.fallback = decode_names(section, "fallback", "channel", channels);
  route.group_by = decode_group_by(section, "group_by", route.group_by);
  route.wait = section.duration("wait", route.wait, milliseconds(0), longest_group_wait);
  route.repeat = section.duration("repeat", route.repeat, milliseconds(0), longest_repeat);
  route.mute = decode_names(section, "mute", "mute time", mute_times);
  route.proceed = section.boolean("continue", false);
  section.finish();
  return route;
}

Inhibition decode_inhibition(Section& section) {
  section.require("if");
  section.require("mute");
  Inhibition result{decode_matchers(section, "if"), decode_matchers(section, "mute"), section.texts("equal")};
  section.finish();
  return result;
}

}  // namespace

RoutingOptions decode_routing(Section& alerts, const std::vector<std::string>& channels) {
  RoutingOptions options;
  options.unmatched = decode_defaults(alerts, options);
  options.unmatched.name = "default";
  options.mute_times = decode_mute_times(alerts);
  std::vector<std::string> mute_names;
  for (const MuteTime& time : options.mute_times) mute_names.push_back(time.name);
  for (Section& section : alerts.sections("routes")) {
    Route route = decode_route(section, options.unmatched, channels, mute_names);
    route.name = fmt::format("route {}", options.routes.size() + 1);
    options.routes.push_back(std::move(route));
  }
  for (Section& section : alerts.sections("inhibit")) options.inhibitions.push_back(decode_inhibition(section));
  return options;
}

}  // namespace pgvigil
