#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/content_negotiation.h"

namespace pgvigil {

// Bytes that many answers share.
using Bytes = std::shared_ptr<const std::string>;

// A piece of the page in one format and one encoding, made once and sent many times. Compressed, it is raw deflate that
// ends with a full flush: at a byte's end, with no reference across it, so that pages can be put together without
// compressing again. Its text is not kept then.
struct Chunk {
  std::vector<Bytes> bytes;
  std::uint64_t text_size = 0;
  std::uint32_t crc = 0;  // of the text; only when it is compressed
};
using ChunkPtr = std::shared_ptr<const Chunk>;

// Takes text piece by piece. One thread.
class ChunkMaker {
 public:
  // `used` says how often the chunk is sent. Deflating what is sent once costs more than sending it as it is.
  enum class Used { often, once };
  explicit ChunkMaker(Encoding encoding, Used used = Used::often);
  ~ChunkMaker();
  ChunkMaker(const ChunkMaker&) = delete;
  ChunkMaker& operator=(const ChunkMaker&) = delete;

  void append(std::string_view text);
  ChunkPtr finish();  // once

 private:
  struct Deflater;
  const Encoding encoding_;
  std::unique_ptr<Deflater> deflater_;  // none: the text is kept as it is
  std::shared_ptr<Chunk> chunk_;
};

ChunkPtr make_chunk(std::string_view text, Encoding encoding);

// All chunks of one encoding as a page: their bytes one after another, or one gzip member stitched from their deflated
// parts with crc32_combine. One member, because curl reads only the first of several.
std::vector<Bytes> page_of(const std::vector<ChunkPtr>& chunks, Encoding encoding);

}  // namespace pgvigil
