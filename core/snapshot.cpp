#include "core/snapshot.h"

namespace pgvigil {

void SnapshotStore::publish(SnapshotPtr snapshot) {
  const std::lock_guard lock(mutex_);
  snapshots_.insert_or_assign(snapshot->task, std::move(snapshot));
}

SnapshotPtr SnapshotStore::find(std::string_view task) const {
  const std::lock_guard lock(mutex_);
  const auto found = snapshots_.find(task);
  return found == snapshots_.end() ? nullptr : found->second;
}

std::vector<SnapshotPtr> SnapshotStore::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<SnapshotPtr> result;
  result.reserve(snapshots_.size());
  for (const auto& entry : snapshots_) result.push_back(entry.second);
  return result;
}

void SnapshotStore::retain(const std::set<std::string>& tasks) {
  const std::lock_guard lock(mutex_);
  std::erase_if(snapshots_, [&](const auto& entry) { return !tasks.contains(entry.first); });
}

}  // namespace pgvigil
