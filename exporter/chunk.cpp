#include "exporter/chunk.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace pgvigil {

namespace {

constexpr int fast = 1;  // a better level costs three times the time for a tenth of the size
constexpr int raw_deflate = -15;

void append_little_endian(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFFU);
}

// Deflate without compression (RFC 1951, 3.2.4): begins and ends at a byte.
std::string stored_blocks(std::string_view text) {
  constexpr std::size_t longest = 65535;
  std::string out;
  out.reserve(text.size() + 5 * (text.size() / longest + 1));
  for (; !text.empty(); text.remove_prefix(std::min(longest, text.size()))) {
    const auto size = static_cast<std::uint32_t>(std::min(longest, text.size()));
    out += '\0';
    append_little_endian(out, size | (~size << 16U));
    out += text.substr(0, size);
  }
  return out;
}

Bytes shared(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace

struct ChunkMaker::Deflater {
  Deflater() {
    if (deflateInit2(&stream, fast, Z_DEFLATED, raw_deflate, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error(Error::Kind::unavailable, "zlib cannot start");
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void put(std::string_view text, int flush) {
    // zlib's interface is older than const; it does not write to its input.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    do {
      std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): zlib writes it
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      if (deflate(&stream, flush) == Z_STREAM_ERROR) throw Error(Error::Kind::unavailable, "zlib cannot compress");
      out.append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
  std::string out;
};

ChunkMaker::ChunkMaker(Encoding encoding, Used used)
    : encoding_(encoding),
      deflater_(encoding == Encoding::gzip && used == Used::often ? std::make_unique<Deflater>() : nullptr),
      chunk_(std::make_shared<Chunk>()) {}

ChunkMaker::~ChunkMaker() = default;

void ChunkMaker::append(std::string_view text) {
  chunk_->text_size += text.size();
  if (encoding_ == Encoding::gzip) {
    chunk_->crc =
        static_cast<std::uint32_t>(crc32_z(chunk_->crc, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  }
  if (deflater_) {
    deflater_->put(text, Z_NO_FLUSH);
  } else {
    chunk_->bytes.push_back(shared(encoding_ == Encoding::gzip ? stored_blocks(text) : std::string(text)));
  }
}

ChunkPtr ChunkMaker::finish() {
  if (deflater_) {
    deflater_->put({}, Z_FULL_FLUSH);
    deflater_->out.shrink_to_fit();
    chunk_->bytes.push_back(shared(std::move(deflater_->out)));
  }
  return std::move(chunk_);
}

ChunkPtr make_chunk(std::string_view text, Encoding encoding) {
  ChunkMaker maker(encoding);
  maker.append(text);
  return maker.finish();
}

std::vector<Bytes> page_of(const std::vector<ChunkPtr>& chunks, Encoding encoding) {
  constexpr std::string_view header("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);  // deflate, no name, no time
  constexpr std::string_view last_block("\x03\x00", 2);                               // final, empty
  const bool gzip = encoding == Encoding::gzip;
  std::vector<Bytes> page;
  if (gzip) page.push_back(shared(std::string(header)));
  std::uint32_t crc = 0;
  std::uint64_t size = 0;
  for (const ChunkPtr& chunk : chunks) {
    page.insert(page.end(), chunk->bytes.begin(), chunk->bytes.end());
    crc = static_cast<std::uint32_t>(crc32_combine(crc, chunk->crc, static_cast<z_off_t>(chunk->text_size)));
    size += chunk->text_size;
  }
  if (!gzip) return page;
  std::string trailer(last_block);
  append_little_endian(trailer, crc);
  append_little_endian(trailer, static_cast<std::uint32_t>(size));  // modulo 2^32, as RFC 1952 has it
  page.push_back(shared(std::move(trailer)));
  return page;
}

}  // namespace pgvigil
