#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "alerts/notification.h"
#include "core/local_store.h"

namespace pgvigil {

using Alerts = std::map<std::string, Alert, std::less<>>;  // by identity

// What one evaluation changed.
struct AlertChanges {
  std::vector<Alert> saved;          // new or changed
  std::vector<std::string> removed;  // identities
  std::vector<Notification> notifications;

  bool empty() const { return saved.empty() && removed.empty() && notifications.empty(); }
};

// The alerts that are pending or firing, in the local store. Its only writer is the evaluator; any thread may look.
class AlertStore {
 public:
  // The outbox's table must exist (Outbox makes it): both are written in one transaction.
  explicit AlertStore(LocalStore& store);

  Alerts load();

  // Changed alerts and the messages they cause, in one transaction: there is no moment at which an alert fires and
  // nobody is owed a message, or the other way round. Throws Error as LocalStore::transaction does; nothing has changed
  // then.
  void commit(const AlertChanges& changes);

  // What current() shows from now on; values change at every evaluation without being worth a write.
  void show(const Alerts& alerts);

  // The alerts as of the last evaluation, firing ones first. Any thread.
  std::vector<AlertView> current() const;

 private:
  LocalStore& store_;
  mutable std::mutex mutex_;  // guards views_
  std::vector<AlertView> views_;
};

}  // namespace pgvigil
