#include "alerts/rule_test/series_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t most_steps = 100'000;

// Reads a number from the start of `text` and takes it away.
std::optional<double> take_number(std::string_view& text) {
  if (text.starts_with("NaN")) {
    text.remove_prefix(3);
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "x3" and nothing behind it; `fallback` when there is nothing at all.
std::optional<std::size_t> take_count(std::string_view text, std::size_t fallback) {
  if (text.empty()) return fallback;
  std::size_t count = 0;
  if (!text.starts_with('x')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), count);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && count <= most_steps ? std::optional(count) : std::nullopt;
}

std::optional<std::vector<SeriesStep>> repeated(std::string_view text, SeriesStep step) {
  const auto count = take_count(text, 1);
  return count ? std::optional(std::vector<SeriesStep>(*count, step)) : std::nullopt;
}

// a, axN, a+bxN or a-bxN: N more values after the first.
std::optional<std::vector<SeriesStep>> values(std::string_view text) {
  const auto first = take_number(text);
  if (!first) return std::nullopt;
  const bool changes = text.starts_with('+') || text.starts_with('-');
  const auto change = changes ? take_number(text) : 0;
  if (!change || (changes && text.empty())) return std::nullopt;
  const auto more = take_count(text, 0);
  if (!more) return std::nullopt;
  std::vector<SeriesStep> steps;
  for (std::size_t i = 0; i <= *more; ++i) {
    steps.push_back({SeriesStep::Kind::value, *first + static_cast<double>(i) * *change});
  }
  return steps;
}

std::optional<std::vector<SeriesStep>> parse_word(std::string_view word) {
  constexpr std::string_view error = "error";
  if (word == "stale") return std::vector<SeriesStep>{{SeriesStep::Kind::missing}};
  if (word.starts_with('_')) return repeated(word.substr(1), {SeriesStep::Kind::missing});
  if (word.starts_with(error)) return repeated(word.substr(error.size()), {SeriesStep::Kind::error});
  return values(word);
}

}  // namespace

std::variant<std::vector<SeriesStep>, std::string> parse_series_values(std::string_view text) {
  std::vector<SeriesStep> steps;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty()) continue;
    const auto parsed = parse_word(word);
    if (!parsed) return fmt::format("'{}' is none of 5, 5x3, 1+2x3, 10-1x3, _, _x3, stale, error, errorx3", word);
    steps.insert(steps.end(), parsed->begin(), parsed->end());
    if (steps.size() > most_steps) return fmt::format("more than {} steps", most_steps);
  }
  return steps;
}

}  // namespace pgvigil
