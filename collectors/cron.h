#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/time_zone.h"

namespace pgvigil {

// A five-field cron expression in an IANA time zone: minute, hour, day of month, month, day of week (0 and 7 are
// Sunday); names, lists, ranges, steps, @hourly @daily @weekly @monthly @yearly. When both day fields are restricted a
// day matches if either does, as in Vixie cron. A fixed time that a daylight-saving gap swallows runs once, when the
// gap ends; one that happens twice runs the first time; schedules with a wildcard hour follow the time that really
// passes.
class Cron {
 public:
  // Throws Error::invalid: which field, what is allowed.
  static Cron parse(std::string_view expression, std::string_view timezone = "UTC");

  // The first occurrence strictly after `time`; nullopt when there is none within eight years ("0 0 30 2 *").
  std::optional<WallTime> next(WallTime time) const;

  const std::string& expression() const { return expression_; }
  std::string timezone() const { return zone_.name(); }

 private:
  explicit Cron(TimeZone zone) : zone_(zone) {}
  bool matches_day(std::chrono::year_month_day day) const;
  std::optional<std::chrono::sys_seconds> first_fixed_on(std::chrono::sys_days day,
                                                         std::chrono::sys_seconds after) const;
  std::optional<std::chrono::sys_seconds> first_elapsed_on(std::chrono::sys_days day,
                                                           std::chrono::sys_seconds after) const;

  std::string expression_;
  TimeZone zone_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false;
  bool any_weekday_ = false;
  bool follows_elapsed_time_ = false;
};

}  // namespace pgvigil
