#pragma once

namespace pgvigil {

// What a rule knows about its condition. Unknown (no data, old data, not a number) is neither: it decides nothing.
enum class Truth { no, yes, unknown };

}  // namespace pgvigil
