#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerts/channel_options.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/pg_connection.h"

namespace pgvigil {

// What became of one message of a trial.
struct TrialResult {
  std::string lane;
  std::string what;  // "trigger" or "resolve"
  Verdict verdict;
  milliseconds duration{0};
};

// Sends a trigger and its resolve through the channel now, without the outbox: for `pgvigil notify test`. The resolve
// is sent even when the trigger failed, because it may have arrived.
std::vector<TrialResult> try_channel(const ChannelOptions& lane, const std::string& instance, HttpClient& http,
                                     const PgOptions& target, const Clock& clock);

}  // namespace pgvigil
