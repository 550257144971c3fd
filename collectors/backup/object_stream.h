#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "collectors/backup/backup_store.h"
#include "collectors/backup/digest_stage.h"
#include "collectors/backup/zstd_stage.h"

// The pipelines between a program and a store.
namespace pgvigil {

// SHA-256 of what comes in → zstd → SHA-256 of what is stored → an object of a set. One pass, nothing on disk twice.
class CompressedObjectWriter final : public ByteSink {
 public:
  CompressedObjectWriter(PartialSet& set, std::string name, int level);

  void write(std::string_view bytes) override { raw_.write(bytes); }
  void finish() override { raw_.finish(); }

  // After finish().
  StoredObject result() const { return {name_, "zstd", raw_.digest(), stored_.digest()}; }

 private:
  std::string name_;
  std::unique_ptr<ByteSink> object_;
  DigestStage stored_;
  ZstdCompressor compressor_;
  DigestStage raw_;
};

// The same without compression, for what a person may want to read.
class PlainObjectWriter final : public ByteSink {
 public:
  PlainObjectWriter(PartialSet& set, std::string name);

  void write(std::string_view bytes) override { stored_.write(bytes); }
  void finish() override { stored_.finish(); }
  StoredObject result() const { return {name_, "none", stored_.digest(), stored_.digest()}; }

 private:
  std::string name_;
  std::unique_ptr<ByteSink> object_;
  DigestStage stored_;
};

// Sends the original bytes of an object to `sink`, and finishes it only when size and SHA-256, stored and original, are
// those of the manifest. Throws Error::rejected when they are not: the object is damaged.
void read_object(const BackupStore& store, const std::string& id, const StoredObject& object, ByteSink& sink,
                 const std::stop_token& stop);

}  // namespace pgvigil
