#include "exporter/gzip.h"

#include <zlib.h>

#include <string_view>

#include "core/error.h"

namespace pgvigil {

namespace {

constexpr int fast = 1;  // a better level costs three times the time for a tenth of the size
constexpr int raw_deflate = -15;

struct DeflateEnd {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

std::string deflate_with_full_flush(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, fast, Z_DEFLATED, raw_deflate, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(Error::Kind::unavailable, "zlib cannot start");
  }
  const std::unique_ptr<z_stream, DeflateEnd> owner(&stream);
  std::string out(deflateBound(&stream, text.size()) + 16, '\0');  // 16: for the flush's empty block
  // zlib's interface is older than const; it does not write to its input.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FULL_FLUSH) != Z_OK || stream.avail_in != 0) {
    throw Error(Error::Kind::unavailable, "zlib cannot compress");
  }
  out.resize(out.size() - stream.avail_out);
  return out;
}

void append_little_endian(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFFU);
}

}  // namespace

ChunkPtr make_chunk(std::string text) {
  auto chunk = std::make_shared<Chunk>();
  chunk->deflated = deflate_with_full_flush(text);
  chunk->crc = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  chunk->text = std::move(text);
  return chunk;
}

std::string gzip_of(const std::vector<ChunkPtr>& chunks) {
  constexpr std::string_view header("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);  // deflate, no name, no time
  constexpr std::string_view last_block("\x03\x00", 2);                               // final, empty
  std::string out(header);
  std::uint32_t crc = 0;
  std::uint32_t size = 0;
  for (const ChunkPtr& chunk : chunks) {
    out += chunk->deflated;
    crc = static_cast<std::uint32_t>(crc32_combine(crc, chunk->crc, static_cast<z_off_t>(chunk->text.size())));
    size += static_cast<std::uint32_t>(chunk->text.size());
  }
  out += last_block;
  append_little_endian(out, crc);
  append_little_endian(out, size);
  return out;
}

}  // namespace pgvigil
