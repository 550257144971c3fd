#include "collectors/pause_switch.h"

#include <fmt/format.h>

#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace pgvigil {

bool PauseSwitch::paused() const {
  std::error_code unreadable;  // then nobody can have paused anything
  return std::filesystem::exists(file_, unreadable);
}

std::string PauseSwitch::reason() const {
  try {
    const std::string said = one_line(read_file(file_, 4096), longest_reason);
    return said.empty() ? "no reason given" : said;
  } catch (const Error&) {
    return "no reason given";
  }
}

void PauseSwitch::pause(const std::string& reason) const {
  write_file_durably(file_, one_line(reason, longest_reason) + "\n");
}

void PauseSwitch::resume() const {
  std::error_code error;
  std::filesystem::remove(file_, error);
  if (error) {
    throw Error(Error::Kind::unavailable, fmt::format("cannot remove {}: {}", file_.string(), error.message()));
  }
}

}  // namespace pgvigil
