#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/sample.h"

namespace pgvigil {

using FamilyNames = std::set<std::string, std::less<>>;

// What the families of one snapshot must know of the others on the page: a name stands there once, with one header
// and all its series below it.
struct Neighbours {
  FamilyNames taken;  // their names that another snapshot writes: left out in this one
  FamilyNames bases;  // their counters' names without _total that are families of other snapshots

  bool operator==(const Neighbours&) const = default;
};

// For each snapshot of a page, in their order: the first one that has a name keeps it. Also families without samples
// count, so that the answer changes with the collectors and not with the data. Pure.
std::vector<Neighbours> neighbours_of(const std::vector<const std::vector<Family>*>& page);

// Whether both have the same families, by name.
bool same_names(const std::vector<Family>& one, const std::vector<Family>& other);

// The name that OpenMetrics gives to the counter `name`; empty when it ends otherwise than counters do there.
std::string_view counter_base(std::string_view name);

}  // namespace pgvigil
