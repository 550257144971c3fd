#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/schedule.h"
#include "core/clock.h"

namespace pgvigil {

// Both clocks at one moment: intervals run on the monotonic one, calendars on the wall clock.
struct Moment {
  SteadyTime steady;
  WallTime wall;
};

// Which task is due when: the scheduler's decisions without its threads. Not thread-safe.
class Agenda {
 public:
  struct Due {
    std::size_t task = 0;
    std::int64_t missed =
        0;               // occurrences that passed since the last call, because the task was running or we were late
    bool start = false;  // false: the task is still running, so this occurrence is missed too
  };

  // A collector's interval starts at once (the first metrics should not wait), then at a phase of its own; a job's only
  // at its phase, so that a restart or a reload is no reason to take a backup. Calendars start at their next time.
  // Returns the task's number.
  enum class First { at_once, in_phase };
  std::size_t add(const std::string& name, const Schedule& schedule, First first, Moment now);

  // Everything whose time has come. A task that it lets start counts as running until finished().
  std::vector<Due> take_due(Moment now);
  // An interval's next occurrences are then `slowdown` times as far apart.
  void finished(std::size_t task, int slowdown = 1);

  // When to look again: the next occurrence, but soon enough to notice that somebody set the wall clock.
  SteadyTime next_look(Moment now) const;

 private:
  struct Entry {
    Schedule schedule;
    milliseconds phase{0};
    int slowdown = 1;
    SteadyTime next;
    std::optional<WallTime> next_wall;
    bool running = false;
  };
  static bool due(const Entry& entry, Moment now);
  static std::int64_t plan_next(Entry& entry, Moment now);
  void notice_clock_change(Moment now);

  std::vector<Entry> entries_;
  std::optional<Moment> last_look_;
};

}  // namespace pgvigil
