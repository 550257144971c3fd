#pragma once

#include <string_view>

namespace pgvigil {

// Where a stream of bytes goes: the end of a pipeline (a file, a program's input) or a stage that passes on what it
// makes of them. Pieces arrive in order; a stream that is whole ends with one finish(), one that failed with none. Both
// throw Error. One thread at a time.
class ByteSink {
 public:
  ByteSink() = default;
  virtual ~ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;

  virtual void write(std::string_view bytes) = 0;

  // Everything has arrived: what was kept back is passed on, and the next stage is finished.
  virtual void finish() = 0;
};

}  // namespace pgvigil
