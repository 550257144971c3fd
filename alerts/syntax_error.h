#pragma once

#include <cstddef>
#include <string>

namespace pgvigil {

// What is wrong with a text that a person wrote, and where.
struct SyntaxError {
  std::size_t offset = 0;  // in bytes from the start of the text
  std::string what;        // what is wrong and what is allowed
};

}  // namespace pgvigil
