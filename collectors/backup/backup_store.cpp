#include "collectors/backup/backup_store.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

std::vector<Manifest> manifests(const BackupStore& store) {
  std::vector<Manifest> result;
  for (const std::string& id : store.ids()) {
    try {
      result.push_back(store.manifest(id));
    } catch (const Error& error) {
      log::warn("backup {} is left out: {}", store.location(id), error.what());
    }
  }
  std::sort(result.begin(), result.end(), [](const Manifest& a, const Manifest& b) { return a.finished < b.finished; });
  return result;
}

}  // namespace pgvigil
