#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alerts/channel_status.h"
#include "core/sample.h"

namespace pgvigil {

// What the channels say about themselves, for /metrics. Every series is there from the start, so that a rule can take
// the increase of one that has never failed.
std::vector<Family> delivery_families(const std::vector<ChannelStatus>& channels,
                                      const std::map<std::string, std::int64_t>& evicted);

}  // namespace pgvigil
