#pragma once

#include <fmt/core.h>

#include <string_view>

// The process's log: one line an event on standard error, text or JSON. Never log a Secret, a connection string, or the
// body of a reply. Levels: error = someone has to act, warn = degraded but working, info = what happened, debug =
// detail.
namespace pgvigil::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

// Call once, before the first thread starts; without it, text at level info.
void configure(Level level, Format format);

void write(Level level, std::string_view message);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace pgvigil::log
