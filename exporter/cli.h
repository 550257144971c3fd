#pragma once

namespace pgvigil {

// The whole command line. Exit codes: 0 good, 1 problems, 2 wrong usage or a configuration that cannot be used.
int run_command_line(int argc, char** argv);

}  // namespace pgvigil
