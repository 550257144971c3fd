#pragma once

#include <string>
#include <string_view>

namespace pgvigil {

// The part of pg_dumpall's globals that a throw-away cluster on the same machine may run: all roles but the one that
// its initdb made, and nothing about tablespaces, whose folders are the real server's. Pure.
std::string globals_for_scratch(std::string_view script, std::string_view bootstrap_role);

}  // namespace pgvigil
