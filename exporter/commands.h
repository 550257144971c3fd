#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pgvigil {

// What the subcommands do. Results go to standard output, messages to standard error; each returns the exit code.

int run_agent(const std::filesystem::path& config_file);
int check_config(const std::filesystem::path& config_file);
int check_built_in();
// Stops collectors from working on the server until it is resumed; a running agent follows within one interval.
int pause_collectors(const std::filesystem::path& config_file, const std::string& reason);
int resume_collectors(const std::filesystem::path& config_file);
int list_collectors();

// One cycle of the collectors named (all when there is none), in the text format, as OpenMetrics or as JSON.
int collect_once(const std::filesystem::path& config_file, const std::vector<std::string>& names,
                 const std::string& format);

}  // namespace pgvigil
