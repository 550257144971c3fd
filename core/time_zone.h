#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace pgvigil {

// An IANA time zone: between instants and what the clocks on its walls show. Cheap to copy; any thread.
class TimeZone {
 public:
  // Throws Error::invalid when there is no zone of that name.
  static TimeZone find(std::string_view name);

  std::string name() const;

  std::chrono::local_seconds to_local(std::chrono::sys_seconds time) const;

  // When a local time happens: the first time if it happens twice, the end of the gap if it does not happen.
  std::chrono::sys_seconds instant_of(std::chrono::local_seconds local) const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;  // of the library's own list, which lives as long as the process
};

}  // namespace pgvigil
