#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/sample.h"

namespace pgvigil {

// The same families from several sources (one reader's from many databases), series after series. Families of one
// source that share label rows share them in the result as well. Every source names the same families with the same
// labels in the same order; throws Error::invalid otherwise.
std::vector<Family> merge_families(std::vector<std::vector<Family>> sources);

// Which subjects each family of a source had, in the order of the families: what is kept of it. Null: none.
using Subjects = std::vector<std::shared_ptr<const LabelRows>>;
Subjects subjects_of(const std::vector<Family>& families);

// Those subjects without values, as families like `shape`'s: what a source reported last, when it cannot be asked now.
// None when `shape` has another number of families: the source has changed since.
std::vector<Family> without_values(const std::vector<Family>& shape, const Subjects& subjects);

// The same families without series.
std::vector<Family> shape_of(const std::vector<Family>& families);

// Leaves out series from the end of each family so that all together are `most` at most. Returns how many.
std::size_t limit_series(std::vector<Family>& families, std::size_t most);

}  // namespace pgvigil
