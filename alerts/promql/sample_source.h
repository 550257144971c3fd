#pragma once

#include <cstdint>

#include "alerts/promql/ast.h"
#include "alerts/promql/value.h"

namespace pgvigil::promql {

// Where an evaluation takes its samples from. Times are milliseconds on the source's own axis, which need not be the
// wall clock's. What it returns is valid as long as the source does not change and the workspace lives.
class SampleSource {
 public:
  enum class Read { values, times };  // times: when each sample was taken, in seconds

  virtual ~SampleSource() = default;

  // The series of the selector at `now` less its offset, without duplicates.
  virtual Vector instant(const VectorSelector& selector, std::int64_t now, Read read, Workspace& workspace) const = 0;

  // Every series with a sample in start <= time <= end.
  virtual RangeVector range(const VectorSelector& selector, std::int64_t start, std::int64_t end,
                            Workspace& workspace) const = 0;
};

}  // namespace pgvigil::promql
