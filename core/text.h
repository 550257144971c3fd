#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

// Small pure functions between text and values.
namespace pgvigil {

// "15s", "500ms", "5m", "1h30m", "7d", "2w"; a bare number is refused, because nobody remembers its unit.
std::optional<milliseconds> parse_duration(std::string_view text);

// "512", "10kB", "10KB", "10KiB", "10GB": every suffix counts in 1024, as PostgreSQL's settings do.
std::optional<std::int64_t> parse_size(std::string_view text);

// The shortest text that parse_duration reads back: "1h30m".
std::string format_duration(milliseconds duration);

// "1.8 GB", in steps of 1024, for people.
std::string format_size(std::int64_t bytes);

// "2026-11-21T02:00:00Z": RFC 3339 in UTC, whole seconds.
std::string format_time(WallTime time);

// "20261121T020000Z", as it stands in names of files.
std::string format_time_compact(WallTime time);

std::optional<WallTime> parse_time(std::string_view rfc3339_utc);

// The candidate that is closest to `word` by edit distance, if it is close enough to be a typing error.
std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string lower(std::string_view text);

// The first `max_bytes` of UTF-8 text, never cutting a code point, with "…" in the end when something was cut off.
std::string truncate_utf8(std::string_view text, std::size_t max_bytes);

// One line without control characters, at most `max_bytes`: for what a server, a program or a peer said.
std::string one_line(std::string_view text, std::size_t max_bytes = 1000);

}  // namespace pgvigil
