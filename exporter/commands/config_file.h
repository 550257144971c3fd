#pragma once

#include <filesystem>
#include <optional>

#include "config/config.h"

namespace pgvigil {

// Exit codes of commands.
constexpr int all_good = 0;
constexpr int problems_found = 1;
constexpr int unusable_config = 2;

// The configuration, or nullopt after its problems were printed to standard error.
std::optional<Config> read_config(const std::filesystem::path& file);

}  // namespace pgvigil
