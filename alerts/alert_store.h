#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "core/local_store.h"

namespace pgvigil {

using Alerts = std::map<std::string, Alert, std::less<>>;  // by identity

// What one evaluation changed.
struct AlertChanges {
  std::vector<Alert> saved;          // new or changed
  std::vector<std::string> removed;  // identities

  bool empty() const { return saved.empty() && removed.empty(); }
};

// The alerts that are pending or firing, in the local store. Its only writer is the evaluator; any thread may look.
class AlertStore {
 public:
  explicit AlertStore(LocalStore& store);

  Alerts load() const;

  // Inside the transaction that also holds the messages which the changes cause: there is no moment at which an alert
  // fires and nobody is owed a message, or the other way round.
  static void append(LocalStore::Transaction& transaction, const AlertChanges& changes);

  // What current() shows from now on; values change at every evaluation without being worth a write.
  void show(const Alerts& alerts);

  // The alerts as of the last evaluation, firing ones first. Any thread.
  std::vector<AlertView> current() const;

  // The memory that the alerts share with all that belongs to them.
  LocalStore& store() const { return store_; }

 private:
  LocalStore& store_;
  mutable std::mutex mutex_;  // guards views_
  std::vector<AlertView> views_;
};

// Firing ones first, of these the worst and oldest first.
std::vector<AlertView> views_of(const Alerts& alerts);

}  // namespace pgvigil
