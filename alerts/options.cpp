#include "alerts/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "alerts/rule_override.h"
#include "core/embedded_file.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// Rules by id in the order in which they were first seen, and where each stands.
class RuleSet {
 public:
  // All rules of the list `rules`; an id may stand once in one source.
  void add(Section& section, std::map<std::string, std::string>& places, RuleOverrides& overrides) {
    for (const Section& written : section.sections("rules")) {
      Section entry = overrides.apply(written);
      auto rule = decode_rule(entry);
      if (!rule) continue;
      const auto [place, is_new] = places.emplace(rule->id, entry.where());
      if (is_new) {
        put(std::move(*rule));
      } else {
        entry.fail(fmt::format("the id {} is taken by the rule at {}", rule->id, place->second));
      }
    }
  }

  void remove(const std::string& id, const YamlValue& place) {
    const auto found = find(id);
    if (found != rules_.end()) {
      rules_.erase(found);
      return;
    }
    const auto meant = closest(id, ids());
    place.fail(fmt::format("there is no rule {}{}", id, meant ? fmt::format("; did you mean {}?", *meant) : ""));
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const Rule& rule : rules_) result.push_back(rule.id);
    return result;
  }

  std::vector<Rule> take() && { return std::move(rules_); }

 private:
  std::vector<Rule>::iterator find(const std::string& id) {
    return std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) { return rule.id == id; });
  }

  void put(Rule rule) {
    const auto found = find(rule.id);
    if (found == rules_.end()) {
      rules_.push_back(std::move(rule));
    } else {
      *found = std::move(rule);
    }
  }

  std::vector<Rule> rules_;
};

void add_builtin(RuleSet& rules, RuleOverrides& overrides, Problems& problems) {
  std::map<std::string, std::string> places;
  for (const EmbeddedFile& file : embedded_rules()) {
    auto section = Section::parse(file.content, fmt::format("built-in/{}", file.name), problems);
    if (!section) continue;
    rules.add(*section, places, overrides);
    section->finish();
  }
}

std::vector<Rule> decode_rules(Section& section) {
  Problems& problems = section.problems();
  RuleSet rules;
  RuleOverrides overrides(section);
  if (section.boolean("builtin_rules", true)) add_builtin(rules, overrides, problems);
  std::map<std::string, std::string> places;
  rules.add(section, places, overrides);
  for (const auto& file : section.paths("rule_files")) {
    auto root = Section::load(file, problems);
    if (!root) continue;
    rules.add(*root, places, overrides);
    root->finish();
  }
  overrides.report_unused(rules.ids());
  if (const auto disabled = section.value("disable")) {
    for (const YamlValue& item : disabled->items()) {
      if (const auto id = item.text()) rules.remove(*id, item);
    }
  }
  return std::move(rules).take();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "postgresql";
  return name.data();
}

// Several lanes may have one name.
std::vector<std::string> names_for_routes(const std::vector<ChannelOptions>& channels) {
  std::vector<std::string> result;
  for (const ChannelOptions& channel : channels) {
    if (std::find(result.begin(), result.end(), channel.target) == result.end()) result.push_back(channel.target);
  }
  return result;
}

}  // namespace

Evaluator::Setup AlertOptions::evaluator_setup(std::set<std::string> tasks) const {
  return {interval, instance, rules, policies(), routing, std::move(tasks)};
}

std::vector<ChannelPolicy> AlertOptions::policies() const {
  std::vector<ChannelPolicy> result;
  result.reserve(channels.size());
  for (const ChannelOptions& channel : channels) result.push_back(channel.policy());
  return result;
}

AlertOptions decode_alerts(Section& root) {
  AlertOptions options;
  auto section = root.has("alerts") ? root.section("alerts") : Section::parse("", "alerts", root.problems());
  if (!section) return options;
  options.interval = section->duration("interval", options.interval, seconds(1), std::chrono::minutes(10));
  options.instance = section->text("instance", host_name());
  options.rules = decode_rules(*section);
  options.channels = decode_channels(*section, options.interval);
  options.routing = decode_routing(*section, names_for_routes(options.channels));
  options.heartbeat = decode_heartbeat(*section);
  if (auto table = section->section("table")) options.table = decode_rule_table(*table);
  section->finish();
  return options;
}

}  // namespace pgvigil
