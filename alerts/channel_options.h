#pragma once

#include <string>
#include <vector>

#include "alerts/evaluation.h"
#include "alerts/level.h"
#include "alerts/notifier.h"
#include "core/http_client.h"
#include "core/yaml_section.h"

namespace pgvigil {

// One entry of alerts.channels.
struct ChannelOptions {
  std::string name;
  std::string kind;
  Level min_level = Level::warning;
  Scheme scheme = Scheme::https_only;
  NotifierPtr notifier;  // null only when the entry has problems

  ChannelPolicy policy() const { return {name, min_level, notifier && notifier->incident_per_level()}; }
};

// Reads alerts.channels; what is wrong is reported through the section.
std::vector<ChannelOptions> decode_channels(Section& alerts);

}  // namespace pgvigil
