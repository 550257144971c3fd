#pragma once

#include <filesystem>
#include <string>

namespace pgvigil {

// Sends a trigger and its resolve through the channel (all of its replicas) now and prints what became of them; exit
// code 1 when one was not taken.
int test_channel(const std::filesystem::path& config_file, const std::string& channel);

}  // namespace pgvigil
