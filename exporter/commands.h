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

// Tries the users' own queries on the server, without running them.
int check_queries(const std::filesystem::path& config_file);

// Prints the SQL that grants what the role lacks.
int check_grants(const std::filesystem::path& config_file);

// Whether the role can log in, and to what.
int check_connection(const std::filesystem::path& config_file);

// Lists the collectors, or explains the one named. Without a configuration (an empty path) no server is asked.
int list_collectors(const std::filesystem::path& config_file, const std::string& name, const std::string& format);

// Lists the rules, those of a configuration or (an empty path) the built-in ones. With a configuration it says how many
// alerts of each rule there are, as the agent noted it last.
int list_rules(const std::filesystem::path& config_file);

// The value of a PromQL expression on samples in the text format; `sample_file` "-" is standard input.
int evaluate_expression(const std::string& text, const std::filesystem::path& sample_file);

// Prints the rules, those of a configuration or (an empty path) the built-in ones, for Prometheus.
int export_rules(const std::filesystem::path& config_file);

// Runs tests of rules (alerts/rule_test/rule_test.h). Their file may have a section `alerts`, as the configuration
// does.
int test_rules(const std::vector<std::string>& files);

// Turns another exporter's query file into collectors: files in the folder `output`, or all on standard output.
int import_query_file(const std::filesystem::path& file, const std::filesystem::path& output);

// One cycle of the collectors named (all when there is none), in the text format, as OpenMetrics or as JSON.
int collect_once(const std::filesystem::path& config_file, const std::vector<std::string>& names,
                 const std::string& format);

}  // namespace pgvigil
