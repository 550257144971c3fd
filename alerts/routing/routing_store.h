#pragma once

#include "alerts/routing/incident.h"
#include "alerts/routing/routing.h"
#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// What channels were told, in the local store. Its only writer is the evaluator; any thread may load.
class RoutingStore {
 public:
  // The alerts' tables must exist (AlertStore makes them): what an older version told alone, without groups, is taken
  // over from there, under the keys that it used.
  explicit RoutingStore(LocalStore& store);

  // As it was stored last. Times that only the monotonic clock knows are taken from the wall clock.
  RoutingState load(SteadyTime now, WallTime wall_now) const;

  // Inside the transaction that also holds the alerts and the messages.
  static void append(LocalStore::Transaction& transaction, const RoutingChanges& changes);

 private:
  void take_over_told_alone();

  LocalStore& store_;
};

}  // namespace pgvigil
