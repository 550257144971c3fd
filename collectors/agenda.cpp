#include "collectors/agenda.h"

#include <algorithm>
#include <utility>

namespace pgvigil {

namespace {

constexpr auto longest_wait = seconds(15);

// A wall clock that moves by more than this against the monotonic one was corrected: calendars are planned anew.
// Smaller steps leave the plan alone, so that no occurrence is repeated (the rule and the number of Debian's cron).
constexpr auto correction = std::chrono::hours(3);

// FNV-1a: the same phase for a name on every start and every platform, which std::hash does not promise.
std::uint64_t stable_hash(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// The first time after `now` that has the phase within the period.
SteadyTime next_in_phase(SteadyTime now, milliseconds period, milliseconds phase) {
  const auto since_phase = std::chrono::floor<milliseconds>(now.time_since_epoch()) - phase;
  const auto periods = since_phase.count() / period.count() + 1;
  return SteadyTime(phase + periods * period);
}

}  // namespace

std::size_t Agenda::add(const std::string& name, const Schedule& schedule, First first, Moment now) {
  Entry entry{schedule, milliseconds(0), 1, now.steady, std::nullopt, false};
  if (const auto* interval = std::get_if<Interval>(&schedule)) {
    entry.phase = milliseconds(stable_hash(name) % static_cast<std::uint64_t>(interval->period.count()));
    if (first == First::in_phase) entry.next = next_in_phase(now.steady, interval->period, entry.phase);
  } else {
    entry.next_wall = std::get<Calendar>(schedule).cron.next(now.wall);
  }
  entries_.push_back(std::move(entry));
  return entries_.size() - 1;
}

bool Agenda::due(const Entry& entry, Moment now) {
  if (std::holds_alternative<Interval>(entry.schedule)) return entry.next <= now.steady;
  return entry.next_wall && *entry.next_wall <= now.wall;
}

// Plans the occurrence after `now` and returns how many lay between the one that was due and now.
std::int64_t Agenda::plan_next(Entry& entry, Moment now) {
  if (const auto* interval = std::get_if<Interval>(&entry.schedule)) {
    const milliseconds period = interval->period * entry.slowdown;
    const std::int64_t missed = (now.steady - entry.next) / period;
    entry.next = next_in_phase(now.steady, period, entry.phase);
    return missed;
  }
  const Cron& cron = std::get<Calendar>(entry.schedule).cron;
  std::int64_t missed = 0;
  entry.next_wall = cron.next(*entry.next_wall);
  while (entry.next_wall && *entry.next_wall <= now.wall) {
    ++missed;
    entry.next_wall = cron.next(missed < 1000 ? *entry.next_wall : now.wall);
  }
  return missed;
}

void Agenda::notice_clock_change(Moment now) {
  const auto last = std::exchange(last_look_, now);
  if (!last) return;
  const auto drift = (now.wall - last->wall) - (now.steady - last->steady);
  if (std::chrono::abs(drift) < correction) return;
  for (Entry& entry : entries_) {
    if (const auto* calendar = std::get_if<Calendar>(&entry.schedule)) entry.next_wall = calendar->cron.next(now.wall);
  }
}

std::vector<Agenda::Due> Agenda::take_due(Moment now) {
  notice_clock_change(now);
  std::vector<Due> result;
  for (std::size_t task = 0; task < entries_.size(); ++task) {
    Entry& entry = entries_[task];
    if (!due(entry, now)) continue;
    const bool start = !entry.running;
    const std::int64_t missed = plan_next(entry, now) + (start ? 0 : 1);
    entry.running = true;
    result.push_back({task, missed, start});
  }
  return result;
}

void Agenda::finished(std::size_t task, int slowdown) {
  Entry& entry = entries_[task];
  entry.running = false;
  if (std::exchange(entry.slowdown, slowdown) >= slowdown) return;
  // What was planned at the old pace comes too early.
  if (const auto* interval = std::get_if<Interval>(&entry.schedule)) {
    entry.next += interval->period * (slowdown - 1);
  }
}

SteadyTime Agenda::next_look(Moment now) const {
  SteadyTime next = now.steady + longest_wait;
  for (const Entry& entry : entries_) {
    if (std::holds_alternative<Interval>(entry.schedule)) {
      next = std::min(next, entry.next);
    } else if (entry.next_wall) {
      next = std::min(next, now.steady + std::max<WallTime::duration>(*entry.next_wall - now.wall, milliseconds(1)));
    }
  }
  return next;
}

}  // namespace pgvigil
