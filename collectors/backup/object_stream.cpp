#include "collectors/backup/object_stream.h"

#include <fmt/format.h>

#include "core/error.h"

namespace pgvigil {

namespace {

// Ends the stages in front of a sink without ending the sink, because only their digests tell whether it may end well.
class HeldBack final : public ByteSink {
 public:
  explicit HeldBack(ByteSink& next) : next_(next) {}
  void write(std::string_view bytes) override { next_.write(bytes); }
  void finish() override {}

 private:
  ByteSink& next_;
};

void check(const StoredObject& object, std::string_view what, const Digest& expected, const Digest& found) {
  if (found == expected) return;
  throw Error(Error::Kind::rejected,
              fmt::format("{} is damaged: its {} form has {} bytes and SHA-256 {}, the manifest says {} and {}",
                          object.name, what, found.bytes, found.sha256, expected.bytes, expected.sha256));
}

}  // namespace

CompressedObjectWriter::CompressedObjectWriter(PartialSet& set, std::string name, int level)
    : name_(std::move(name)),
      object_(set.create(name_)),
      stored_(*object_),
      compressor_(stored_, level),
      raw_(compressor_) {}

PlainObjectWriter::PlainObjectWriter(PartialSet& set, std::string name)
    : name_(std::move(name)), object_(set.create(name_)), stored_(*object_) {}

void read_object(const BackupStore& store, const std::string& id, const StoredObject& object, ByteSink& sink,
                 const std::stop_token& stop) {
  HeldBack held_back(sink);
  DigestStage raw(held_back);
  ZstdDecompressor decompressor(raw);
  const bool compressed = object.compression == "zstd";
  if (!compressed && object.compression != "none") {
    throw Error(Error::Kind::invalid, fmt::format("{} is compressed with {}, which this program does not know",
                                                  object.name, object.compression));
  }
  DigestStage stored(compressed ? static_cast<ByteSink&>(decompressor) : raw);
  try {
    store.read(id, object.name, stored, stop);
    stored.finish();
  } catch (const Error& error) {
    if (error.kind() != Error::Kind::rejected) throw;
    throw error.in(fmt::format("{} is damaged", object.name));
  }
  check(object, "stored", object.stored, stored.digest());
  check(object, "original", object.raw, raw.digest());
  sink.finish();
}

}  // namespace pgvigil
