#pragma once

#include "alerts/history.h"
#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// Keeps the samples of long windows in the local store, so that a rule over a day does not begin anew with every
// restart. Written seldom and many at once: a crash costs the last minutes, which then are a gap. Used on the
// evaluator's thread.
class HistoryStore {
 public:
  static constexpr milliseconds write_every = std::chrono::minutes(5);

  explicit HistoryStore(LocalStore& store);

  // Puts what was stored into `history`; what no selector of it wants is deleted. Throws Error as
  // LocalStore::transaction does.
  void load(History& history, SteadyTime now, WallTime wall_now);

  // Writes what is new when it is time to. Throws Error as LocalStore::transaction does; the samples are then written
  // the next time.
  void write_if_due(History& history, SteadyTime now, WallTime wall_now);

  // Writes at once: before the process ends.
  void write(History& history, SteadyTime now, WallTime wall_now);

 private:
  LocalStore& store_;
  SteadyTime written_at_;
};

}  // namespace pgvigil
