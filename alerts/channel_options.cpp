#include "alerts/channel_options.h"

#include <fmt/format.h>

#include <set>

#include "alerts/notifiers.h"
#include "alerts/rule.h"

namespace pgvigil {

namespace {

ChannelOptions decode_channel(Section& section) {
  ChannelOptions options;
  options.name = section.require_text("name");
  if (!options.name.empty() && !is_identifier(options.name)) {
    section.value("name")->fail("name takes lower-case letters, digits and hyphens");
  }
  std::vector<std::string> kinds;
  for (const NotifierKind& kind : notifier_kinds()) kinds.emplace_back(kind.name);
  section.require("kind");
  options.kind = section.choice("kind", "", kinds);
  options.min_level =
      parse_level(section.choice("min_level", "warning", {"warning", "critical"})).value_or(Level::warning);
  options.scheme = section.boolean("allow_http", false) ? Scheme::http_allowed : Scheme::https_only;
  for (const NotifierKind& kind : notifier_kinds()) {
    if (kind.name == options.kind) options.notifier = kind.decode(section, options.scheme);
  }
  if (!options.kind.empty()) section.finish();
  return options;
}

}  // namespace

std::vector<ChannelOptions> decode_channels(Section& alerts) {
  std::vector<ChannelOptions> result;
  std::set<std::string> names;
  for (Section& section : alerts.sections("channels")) {
    ChannelOptions options = decode_channel(section);
    if (!options.name.empty() && !names.insert(options.name).second) {
      section.fail(fmt::format("two channels have the name {}", options.name));
    }
    result.push_back(std::move(options));
  }
  return result;
}

}  // namespace pgvigil
