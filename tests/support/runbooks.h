#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgvigil {

// A file of docs/runbooks, with the SQL that it tells people to run.
struct Runbook {
  std::string rule;                   // the file's name
  std::string text;                   // the whole file
  std::vector<std::string> queries;   // ```sql: only reads
  std::vector<std::string> commands;  // ```sql-change: changes something, with names to be filled in
};

// All of them, by name.
std::vector<Runbook> runbooks();

// The blocks of a Markdown text that begin with ```KIND.
std::vector<std::string> fenced_blocks(std::string_view markdown, std::string_view kind);

}  // namespace pgvigil
