#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alerts/routing/silence.h"
#include "core/local_store.h"

namespace pgvigil {

// What people asked for on the command line.
struct Wishes {
  std::vector<Silence> silences;
  std::map<std::string, Acknowledgement, std::less<>> acknowledgements;  // by alert
};

// Silences and acknowledgements in the local store. Written by the command line, another process on the same file, and
// read by the agent at every evaluation. Any thread but for in_force(), which belongs to one.
class SilenceStore {
 public:
  explicit SilenceStore(LocalStore& store);

  std::int64_t add(const Silence& silence);

  // Ends it now; false when there is none of that number in force or to come.
  bool end(std::int64_t id, WallTime now);

  // Those in force and to come, the ones that end first before the others.
  std::vector<Silence> all(WallTime now) const;

  // Takes the place of one that the alert has.
  void acknowledge(const Acknowledgement& acknowledgement);

  // What counts at this moment. Cheap when nothing has changed: a look at a few rows.
  const Wishes& in_force(WallTime now);

  // Inside the transaction in which the alert ends: a later one of the same identity is another matter.
  static void forget_alert(LocalStore::Transaction& transaction, const std::string& alert);

 private:
  LocalStore& store_;
  // So that a pattern is compiled once; nothing for one that cannot be read, so that this is told once.
  std::map<std::int64_t, std::optional<Silence>> parsed_;
  Wishes wishes_;
};

}  // namespace pgvigil
