#pragma once

#include <string_view>

namespace pgvigil {

inline constexpr std::string_view version = PGVIGIL_VERSION;  // set by CMakeLists.txt

}  // namespace pgvigil
