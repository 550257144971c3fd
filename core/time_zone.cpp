#include "core/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <stdexcept>

#include "core/error.h"

namespace pgvigil {

TimeZone TimeZone::find(std::string_view name) {
  try {
    return TimeZone(date::locate_zone(std::string(name)));
  } catch (const std::runtime_error&) {
    throw Error(Error::Kind::invalid, fmt::format("'{}' is not an IANA time zone such as UTC or Europe/Berlin", name));
  }
}

std::string TimeZone::name() const {
  return zone_->name();
}

std::chrono::local_seconds TimeZone::to_local(std::chrono::sys_seconds time) const {
  return std::chrono::local_seconds(zone_->to_local(time).time_since_epoch());
}

std::chrono::sys_seconds TimeZone::instant_of(std::chrono::local_seconds local) const {
  const date::local_info info = zone_->get_info(date::local_seconds(local.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return std::chrono::sys_seconds(local.time_since_epoch() - info.first.offset);
}

}  // namespace pgvigil
