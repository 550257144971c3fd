#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pgvigil {

// What the agent's role lacks on a server, by whom it blinds. Names are as SQL takes them, quoted where needed.
struct MissingPrivileges {
  std::string role;
  std::string database;
  int server_version = 0;  // 150018
  bool in_recovery = false;
  bool monitor = false;                                     // the privileges of pg_monitor are missing
  std::map<std::string, std::int64_t> hidden_tables;        // schema -> tables whose column statistics it may not read
  std::map<std::string, std::int64_t> hidden_sequences;     // schema -> sequences that it may not read
  std::vector<std::string> closed_databases;                // it may not connect to
  std::map<std::string, std::set<std::string>> grants;      // "SELECT ON schema.table" -> collectors that need it
  std::map<std::string, std::set<std::string>> extensions;  // that could be installed -> collectors that need it
  std::vector<std::string> hints;                           // what no GRANT changes, one line each
  std::vector<MissingPrivileges> elsewhere;                 // what the other databases have that is only theirs

  bool nothing() const;
};

// The SQL that grants it, with comments that say why, and \connect before what another database needs: fit for psql.
// Pure.
std::string grant_script(const MissingPrivileges& missing);

}  // namespace pgvigil
