#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "alerts/level.h"
#include "alerts/notification.h"
#include "alerts/notifier.h"
#include "core/http_client.h"
#include "core/yaml_section.h"

namespace pgvigil {

// One lane: an entry of alerts.channels, or one of its addresses when it has several (the replicas of an Alertmanager).
struct ChannelOptions {
  std::string name;    // unique
  std::string target;  // the name of the entry, which routes use
  std::string kind;
  Level min_level = Level::warning;
  Scheme scheme = Scheme::https_only;
  std::string ca_file;   // empty: the system's authorities
  NotifierPtr notifier;  // null only when the entry has problems

  ChannelPolicy policy() const;
};

// Reads alerts.channels; what is wrong is reported through the section. `interval`: of the evaluation of rules.
std::vector<ChannelOptions> decode_channels(Section& alerts, milliseconds interval);

}  // namespace pgvigil
