#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// What alerts did: every change of a level, whether or not anybody was told. The newest ones stay, in the local store.
class AlertHistory {
 public:
  struct Event {
    WallTime at;
    LevelChange change;
  };
  static constexpr int kept = 20'000;  // some 10 MB

  explicit AlertHistory(LocalStore& store);

  // Inside the transaction that changes the alerts.
  static void append(LocalStore::Transaction& transaction, const std::vector<LevelChange>& changes, WallTime at);

  // Since that moment, in the order in which it happened; at most the last `limit` ones.
  std::vector<Event> since(WallTime from, int limit = kept) const;

 private:
  LocalStore& store_;
};

}  // namespace pgvigil
