#pragma once

#include <memory>
#include <string>

#include "collectors/backup/byte_sink.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace pgvigil {

// Compresses a stream into one zstd frame with a checksum, on worker threads where libzstd has them.
class ZstdCompressor final : public ByteSink {
 public:
  static constexpr int min_level = 1;
  // Above it, text that compresses badly flows at about 1 MB/s, for some percent less.
  static constexpr int max_level = 12;

  ZstdCompressor(ByteSink& next, int level);

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  ByteSink& next_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::string buffer_;
};

// The way back. Throws Error::rejected when the stream is damaged or ends early.
class ZstdDecompressor final : public ByteSink {
 public:
  explicit ZstdDecompressor(ByteSink& next);

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  ByteSink& next_;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::string buffer_;
  bool frame_complete_ = false;
};

}  // namespace pgvigil
