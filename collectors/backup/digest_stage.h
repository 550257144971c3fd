#pragma once

#include <cstdint>
#include <string>

#include "collectors/backup/byte_sink.h"
#include "core/sha256.h"

namespace pgvigil {

// Size and SHA-256 of a stream.
struct Digest {
  std::int64_t bytes = 0;
  std::string sha256;  // lower-case hexadecimal

  bool operator==(const Digest&) const = default;
};

// Passes a stream on unchanged and takes its digest.
class DigestStage final : public ByteSink {
 public:
  explicit DigestStage(ByteSink& next) : next_(next) {}

  void write(std::string_view bytes) override;
  void finish() override;

  // Of the whole stream; its SHA-256 is there after finish().
  const Digest& digest() const { return digest_; }

 private:
  ByteSink& next_;
  Sha256 hash_;
  Digest digest_;
};

}  // namespace pgvigil
