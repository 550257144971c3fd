#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "collectors/backup/byte_sink.h"
#include "collectors/backup/manifest.h"

namespace pgvigil {

// A backup set while it is written. Its destructor takes away all that was written, unless commit() returned. One
// thread at a time.
class PartialSet {
 public:
  PartialSet() = default;
  virtual ~PartialSet() = default;
  PartialSet(const PartialSet&) = delete;
  PartialSet& operator=(const PartialSet&) = delete;

  // A new object of the set; it is whole, and durable, when its finish() has returned.
  virtual std::unique_ptr<ByteSink> create(const std::string& object) = 0;

  // Makes it a backup: writes the manifest, last and once.
  virtual void commit(const Manifest& manifest) = 0;
};

// Where the backup sets of one job lie. What has no manifest is not seen here. Every function throws Error. Any thread;
// one writer for a job.
class BackupStore {
 public:
  BackupStore() = default;
  virtual ~BackupStore() = default;
  BackupStore(const BackupStore&) = delete;
  BackupStore& operator=(const BackupStore&) = delete;

  // The place of a set, for people and for the journal.
  virtual std::string location(const std::string& id) const = 0;

  virtual std::unique_ptr<PartialSet> begin(const std::string& id) = 0;

  // The ids of all sets that have a manifest, in no particular order.
  virtual std::vector<std::string> ids() const = 0;

  virtual Manifest manifest(const std::string& id) const = 0;

  // Sends the bytes of an object as they are stored, without a finish().
  virtual void read(const std::string& id, const std::string& object, ByteSink& to,
                    const std::stop_token& stop) const = 0;
};

// All sets with a readable manifest, oldest first by their own time, never by their names. What cannot be read is
// logged and left out.
std::vector<Manifest> manifests(const BackupStore& store);

}  // namespace pgvigil
