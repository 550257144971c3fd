#include "exporter/cli.h"

int main(int argc, char** argv) {
  return pgvigil::run_command_line(argc, argv);
}
