#include "collectors/backup/zstd_stage.h"

#include <zstd.h>

#include "core/error.h"

namespace pgvigil {

namespace {

// Two keep up with pg_dump at the usual levels; more would take the watched server's processors.
constexpr int workers = 2;

// What a worker compresses at a time; zstd keeps five of these. A run that is stopped waits for one.
constexpr int job_bytes = 1 << 20;

std::size_t check(std::size_t result, Error::Kind kind) {
  if (ZSTD_isError(result) != 0) throw Error(kind, std::string("zstd: ") + ZSTD_getErrorName(result));
  return result;
}

}  // namespace

void ZstdCompressor::Free::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}
void ZstdDecompressor::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

ZstdCompressor::ZstdCompressor(ByteSink& next, int level)
    : next_(next), context_(ZSTD_createCCtx()), buffer_(ZSTD_CStreamOutSize(), '\0') {
  if (!context_) throw std::bad_alloc();
  check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level), Error::Kind::invalid);
  check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1), Error::Kind::invalid);
  // Refused by a libzstd that was built without threads: it then compresses in this one.
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, workers);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_jobSize, job_bytes);
}

void ZstdCompressor::write(std::string_view bytes) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    check(ZSTD_compressStream2(context_.get(), &out, &in, ZSTD_e_continue), Error::Kind::unavailable);
    if (out.pos > 0) next_.write({buffer_.data(), out.pos});
  }
}

void ZstdCompressor::finish() {
  ZSTD_inBuffer nothing{nullptr, 0, 0};
  std::size_t remaining = 1;
  while (remaining > 0) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    remaining = check(ZSTD_compressStream2(context_.get(), &out, &nothing, ZSTD_e_end), Error::Kind::unavailable);
    if (out.pos > 0) next_.write({buffer_.data(), out.pos});
  }
  next_.finish();
}

ZstdDecompressor::ZstdDecompressor(ByteSink& next)
    : next_(next), context_(ZSTD_createDCtx()), buffer_(ZSTD_DStreamOutSize(), '\0') {
  if (!context_) throw std::bad_alloc();
}

void ZstdDecompressor::write(std::string_view bytes) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
  // A full output buffer may mean that more is waiting inside, even when all input was taken.
  while (in.pos < in.size || out.pos == out.size) {
    out.pos = 0;
    const std::size_t hint = check(ZSTD_decompressStream(context_.get(), &out, &in), Error::Kind::rejected);
    if (out.pos > 0) next_.write({buffer_.data(), out.pos});
    frame_complete_ = hint == 0;
  }
}

void ZstdDecompressor::finish() {
  if (!frame_complete_) throw Error(Error::Kind::rejected, "zstd: the stream ends early");
  next_.finish();
}

}  // namespace pgvigil
