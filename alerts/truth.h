#pragma once

namespace pgvigil {

// What a rule knows about its condition. Unknown (no data, old data, not a number) is neither: it decides nothing.
enum class Truth { no, yes, unknown };

constexpr Truth opposite(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

}  // namespace pgvigil
