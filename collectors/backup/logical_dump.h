#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "collectors/backup/byte_sink.h"
#include "collectors/backup/pg_tools.h"
#include "core/child_process.h"
#include "core/pg_connection.h"

// pg_dump and pg_dumpall, streamed.
namespace pgvigil {

// `pg_dump` in the custom format, uncompressed (the pipeline does that better), of `database` at an
// exported snapshot. No secret is in its words: they are in its environment.
Command dump_command(const PgTools& tools, const PgOptions& source, const std::string& database,
                     const std::string& snapshot);

// `pg_dumpall` for what is outside of the database: roles, memberships, tablespaces. Without passwords, so that no
// superuser is needed and the file is no secret.
Command globals_command(const PgTools& tools, const PgOptions& source, const std::string& database);

// Runs a command and sends its output to `sink`, which is finished only when the program ended well. `on_first_output`
// is called once, before the first bytes or, when there are none, at the end of the program. Throws Error: rejected
// (the program failed or was killed; with its last words), unavailable (deadline, or the sink's failure), cancelled.
// The program is dead then.
void stream_output(
    const Command& command, ByteSink& sink, SteadyTime deadline, const std::stop_token& stop,
    const std::function<void()>& on_first_output = [] {});

}  // namespace pgvigil
