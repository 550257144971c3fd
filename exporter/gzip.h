#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pgvigil {

// A piece of the page that was compressed on its own, so that pages can be put together without compressing again.
struct Chunk {
  std::string text;
  std::string deflated;  // raw deflate that ends with a full flush: at a byte's end, with no reference across it
  std::uint32_t crc = 0;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

ChunkPtr make_chunk(std::string text);

// All chunks as one gzip member, stitched from their deflated parts with crc32_combine. One member, because curl reads
// only the first of several.
std::string gzip_of(const std::vector<ChunkPtr>& chunks);

}  // namespace pgvigil
