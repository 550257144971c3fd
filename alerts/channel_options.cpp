#include "alerts/channel_options.h"

#include <fmt/format.h>

#include <set>

#include "alerts/notifiers.h"
#include "alerts/rule.h"

namespace pgvigil {

namespace {

std::string decode_name(Section& section) {
  std::string name = section.require_text("name");
  if (!name.empty() && !is_identifier(name)) {
    section.value("name")->fail("name takes lower-case letters, digits and hyphens");
  }
  return name;
}

const NotifierKind* decode_kind(Section& section) {
  std::vector<std::string> names;
  for (const NotifierKind& kind : notifier_kinds()) names.emplace_back(kind.name);
  section.require("kind");
  const std::string name = section.choice("kind", "", names);
  for (const NotifierKind& kind : notifier_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

// The lanes of one entry.
std::vector<ChannelOptions> decode_channel(Section& section, milliseconds interval) {
  ChannelOptions options;
  options.target = decode_name(section);
  const NotifierKind* kind = decode_kind(section);
  options.min_level =
      parse_level(section.choice("min_level", "warning", {"warning", "critical"})).value_or(Level::warning);
  options.scheme = section.boolean("allow_http", false) ? Scheme::http_allowed : Scheme::https_only;
  options.ca_file = section.path("ca_file").string();
  if (kind == nullptr) return {};
  options.kind = kind->name;
  const std::vector<NotifierPtr> notifiers = kind->decode(section, {options.scheme, interval, options.ca_file});
  section.finish();
  std::vector<ChannelOptions> lanes;
  for (const NotifierPtr& notifier : notifiers) {
    options.name = notifiers.size() == 1 ? options.target : fmt::format("{}-{}", options.target, lanes.size() + 1);
    options.notifier = notifier;
    lanes.push_back(options);
  }
  return lanes;
}

}  // namespace

ChannelPolicy ChannelOptions::policy() const {
  const ReceiverTraits traits = notifier ? notifier->traits() : ReceiverTraits();
  return {name, target, traits.form, min_level, traits.level_in_key, traits.refresh_every};
}

std::vector<ChannelOptions> decode_channels(Section& alerts, milliseconds interval) {
  std::vector<ChannelOptions> result;
  std::set<std::string> names;
  for (Section& section : alerts.sections("channels")) {
    for (ChannelOptions& lane : decode_channel(section, interval)) {
      if (!lane.name.empty() && !names.insert(lane.name).second) {
        section.fail(fmt::format("two channels have the name {}", lane.name));
      }
      result.push_back(std::move(lane));
    }
  }
  return result;
}

}  // namespace pgvigil
