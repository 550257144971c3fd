#include "collectors/schedule.h"

#include <fmt/format.h>

#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

std::optional<Schedule> decode_schedule(Section& section, std::string_view key, const std::string& default_timezone) {
  constexpr std::string_view every = "every ";
  const std::string timezone = section.text("timezone", default_timezone);
  const auto value = section.require(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return std::nullopt;
  if (text->starts_with(every)) {
    const auto period = parse_duration(trim(std::string_view(*text).substr(every.size())));
    if (period && *period >= seconds(1)) return Schedule(Interval{*period});
    value->fail(fmt::format("'{}' is no interval; allowed is 'every 30s', 'every 6h' …, at least 1s", *text));
    return std::nullopt;
  }
  try {
    Cron cron = Cron::parse(*text, timezone);
    // Calendars repeat: what does not come after one instant does not come after any.
    if (cron.next(WallTime())) return Schedule(Calendar{std::move(cron)});
    value->fail(fmt::format("'{}' never comes: no month that it names has such a day", *text));
    return std::nullopt;
  } catch (const Error& error) {
    value->fail(error.what());
    return std::nullopt;
  }
}

std::string describe(const Schedule& schedule) {
  if (const auto* interval = std::get_if<Interval>(&schedule)) return "every " + format_duration(interval->period);
  const Cron& cron = std::get<Calendar>(schedule).cron;
  return fmt::format("{} ({})", cron.expression(), cron.timezone());
}

}  // namespace pgvigil
