#pragma once

#include <string>
#include <vector>

#include "collectors/bloat/confirmation_plan.h"
#include "collectors/bloat/relation_reader.h"
#include "collectors/bloat/verdict.h"
#include "core/sample.h"

namespace pgvigil {

// How a database's bloat is served. All families are returned, also those without samples.
std::vector<Family> bloat_families(const std::string& database, const std::vector<Verdict>& verdicts,
                                   const SuppressedCounts& left_out, const ConfirmationPlan& plan);

}  // namespace pgvigil
