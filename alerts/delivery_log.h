#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// One attempt to tell one channel about one key, or the end of such attempts.
struct DeliveryAttempt {
  WallTime at;
  std::string channel;
  std::string key;
  std::string about;    // "trigger of disk-used (data)"
  std::string outcome;  // delivered, failed, dead (given up) or fallback (another channel took it)
  long status = 0;      // HTTP's or SMTP's, 0 when there was no answer
  std::string reason;   // the kind of failure, or the channel that took it
  std::string detail;
  milliseconds duration{0};
};

// The history of all attempts, in the local store; the newest 10,000 stay. Any thread.
class DeliveryLog {
 public:
  static constexpr std::int64_t kept = 10'000;

  explicit DeliveryLog(LocalStore& store);

  // Inside the transaction that changes the outbox, so that both say the same.
  static void record(LocalStore::Transaction& transaction, const DeliveryAttempt& attempt);

  // The newest first, at most `limit`; of one channel, or of all when `channel` is empty. For `pgvigil alerts history`.
  static std::vector<DeliveryAttempt> recent(const LocalStore& store, std::size_t limit, std::string_view channel = {});
};

}  // namespace pgvigil
