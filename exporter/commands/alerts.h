#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/clock.h"

namespace pgvigil {

// What `pgvigil alerts …` does, on the memory of an agent that may be running: it sees a new silence or acknowledgement
// at its next look, within one interval. Results go to standard output, messages to standard error; each returns the
// exit code. `format`: table or json.
struct AlertCommand {
  std::filesystem::path config_file;
  std::string format = "table";

  int list() const;
  int history(milliseconds since) const;
  int explain(const std::string& labels) const;

  struct Wish {
    std::string what;  // matchers of a silence; of an acknowledgement the beginning of an alert's id, or its labels
    milliseconds duration{0};
    std::string reason;
    std::string author;  // empty: whoever is logged in
  };
  int silence(const Wish& wish) const;
  int silences() const;
  int end_silence(std::int64_t id) const;
  int acknowledge(const Wish& wish) const;
};

}  // namespace pgvigil
