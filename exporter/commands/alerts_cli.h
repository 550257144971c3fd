#pragma once

namespace CLI {
class App;
}

namespace pgvigil {

// Adds `alerts` with all that belongs to it. `exit_code` is set by the subcommand that ran; `default_config` is the
// file that is read when none is named.
void add_alerts(CLI::App& app, const char* default_config, int& exit_code);

}  // namespace pgvigil
