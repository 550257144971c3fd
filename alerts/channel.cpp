#include "alerts/channel.h"

#include <fmt/format.h>

#include <algorithm>

#include "alerts/message_text.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr milliseconds send_timeout{15'000};
constexpr std::size_t stranded_at_once = 100;

Letter letter_of(const Outbox::Row& row, WallTime now) {
  const bool late = row.missed_opening && row.notification.kind == Notification::Kind::resolve;
  return {letter_id(row.notification), row.notification, late, row.remembered, now};
}

}  // namespace

Channel::Channel(ChannelOptions options, const Surroundings& around)
    : options_(std::move(options)),
      traits_(options_.notifier->traits()),
      around_(around),
      rate_(traits_.burst, traits_.pace, around.clock.steady_now()),
      breaker_(around.outbox.open_since(options_.name)),
      not_before_(around.clock.steady_now()) {
  for (const Verdict::Kind kind : failure_kinds()) counts_.failures[kind] = 0;
}

SteadyTime Channel::step(const std::stop_token& stop) {
  pass_on_what_is_stranded();
  const SteadyTime now = around_.clock.steady_now();
  if (now < not_before_) return std::min(not_before_, fallback_due(now));
  const std::size_t limit = singly_ > 0 ? 1 : traits_.batch;
  const Rows rows = around_.outbox.next(options_.name, around_.clock.wall_now(), limit);
  if (rows.empty()) return std::min(idle_until(now), fallback_due(now));
  if (settle_old_business(rows)) return now;
  if (!rate_.take(now)) return rate_.next(now);
  if (singly_ > 0) --singly_;
  attempt(rows, stop);
  return next_step(now);
}

SteadyTime Channel::next_step(SteadyTime now) {
  return std::min(std::max({not_before_, rate_.next(around_.clock.steady_now()), now}), fallback_due(now));
}

SteadyTime Channel::idle_until(SteadyTime now) const {
  const auto due = around_.outbox.next_due(options_.name);
  if (!due) return now + longest_wait;
  const auto wait = std::chrono::ceil<milliseconds>(*due - around_.clock.wall_now());
  return now + std::clamp(wait, milliseconds(1), longest_wait);
}

// When a message may have to be given to another channel.
SteadyTime Channel::fallback_due(SteadyTime now) const {
  const auto since = breaker_.open_since();
  if (!since || !around_.takers) return now + longest_wait;
  const auto wait = std::chrono::ceil<milliseconds>(*since + fallback_after - around_.clock.wall_now());
  // Nobody could take them: somebody may be able to, soon.
  return now + std::clamp(wait, milliseconds(10'000), longest_wait);
}

// What needs no attempt: delivered earlier but not marked, and what is too old. False when there was nothing.
bool Channel::settle_old_business(const Rows& rows) {
  bool settled = false;
  for (const Outbox::Row& row : rows) {
    const auto unmarked = unmarked_.find(row.id);
    if (unmarked != unmarked_.end() && unmarked->second.revision == row.revision) {
      note_delivered(row, Delivered(unmarked->second));
      settled = true;
    } else if (expired(row)) {
      give_up(row, {.kind = Verdict::Kind::unreachable, .why = "too old"}, milliseconds(0));
      settled = true;
    }
  }
  return settled;
}

// Never before it was tried: its age may be a jump of the wall clock.
bool Channel::expired(const Outbox::Row& row) const {
  const bool resolve = row.notification.kind == Notification::Kind::resolve;
  const milliseconds patience = resolve ? resolve_patience : trigger_patience;
  return row.attempts > 0 && around_.clock.wall_now() - row.notification.at > patience;
}

void Channel::attempt(const Rows& rows, const std::stop_token& stop) {
  std::vector<Letter> letters;
  for (const Outbox::Row& row : rows) letters.push_back(letter_of(row, around_.clock.wall_now()));
  const SteadyTime started = around_.clock.steady_now();
  Verdict verdict;
  try {
    verdict = options_.notifier->deliver(letters, {around_.http, around_.target, send_timeout, stop});
  } catch (const Error& error) {
    verdict = {.kind = Verdict::Kind::misconfigured, .why = one_line(error.what(), 300)};
  }
  const auto duration = std::chrono::duration_cast<milliseconds>(around_.clock.steady_now() - started);
  // Whether an interrupted request arrived is unknown: the message stays in the outbox for the next start.
  if (stop.stop_requested() && !verdict.delivered()) return;
  note(rows, verdict, duration);
}

void Channel::note(const Rows& rows, const Verdict& verdict, milliseconds duration) {
  if (verdict.kind == Verdict::Kind::payload_refused) {
    if (rows.size() > 1) {
      log::warn("channel {}: {}; sending the {} messages one by one", name(), verdict.why, rows.size());
      singly_ = rows.size();
    } else {
      give_up(rows.front(), verdict, duration);
    }
    return;
  }
  if (!verdict.delivered()) return note_failure(rows, verdict, duration);
  {
    const std::lock_guard lock(mutex_);
    counts_.delivered += rows.size();
  }
  for (const Outbox::Row& row : rows)
    unmarked_[row.id] = {row.revision, record(row, "delivered", verdict, duration), verdict.remember};
  ChannelBreaker breaker = breaker_;
  breaker.succeeded();
  set_breaker(breaker);
  for (const Outbox::Row& row : rows) note_delivered(row, Delivered(unmarked_[row.id]));
}

void Channel::note_delivered(const Outbox::Row& row, Delivered delivered) {
  around_.outbox.delivered(row, delivered.attempt, delivered.remember);
  unmarked_.erase(row.id);
  log::info("channel {}: {} delivered", name(), label_of(row.notification));
}

void Channel::note_failure(const Rows& rows, const Verdict& verdict, milliseconds duration) {
  const bool needs_a_person = verdict.kind == Verdict::Kind::misconfigured;
  const WallTime wall = around_.clock.wall_now();
  ChannelBreaker breaker = breaker_;
  breaker.failed(needs_a_person, wall);
  const std::optional<milliseconds> wanted = needs_a_person ? std::optional(repair_wait) : verdict.after;
  const milliseconds pause = retry_wait(backoff_, breaker.failures(), random(), wanted);
  {
    const std::lock_guard lock(mutex_);
    ++counts_.failures[verdict.kind];
    not_before_ = around_.clock.steady_now() + pause;
  }
  set_breaker(breaker);
  for (const Outbox::Row& row : rows) {
    const milliseconds wait = std::max(pause, retry_wait(backoff_, row.attempts + 1, random(), wanted));
    around_.outbox.postpone(row, wall + wait, record(row, "failed", verdict, duration), verdict.remember);
  }
  log::warn("channel {}: {}{} failed, attempt {}, next in {}: {}", name(), label_of(rows.front().notification),
            rows.size() > 1 ? fmt::format(" and {} others", rows.size() - 1) : "", rows.front().attempts + 1,
            format_duration(pause), verdict.why);
}

void Channel::give_up(const Outbox::Row& row, const Verdict& verdict, milliseconds duration) {
  pass_on(row);
  around_.outbox.bury(row, record(row, "dead", verdict, duration));
  {
    const std::lock_guard lock(mutex_);
    ++counts_.dead;
    if (verdict.kind == Verdict::Kind::payload_refused) ++counts_.failures[verdict.kind];
  }
  log::error("channel {}: {} is given up after {} attempts: {}", name(), label_of(row.notification), row.attempts + 1,
             verdict.why);
}

void Channel::pass_on_what_is_stranded() {
  const auto since = breaker_.open_since();
  if (!since || around_.clock.wall_now() - *since < fallback_after) return;
  for (const Outbox::Row& row : around_.outbox.stranded(options_.name, stranded_at_once)) pass_on(row);
}

void Channel::pass_on(const Outbox::Row& row) {
  if (row.notification.fallback.empty() || !around_.takers) return;
  const std::vector<std::string> takers = around_.takers(*this, row.notification.fallback);
  if (takers.empty()) return;
  const std::string names = join(takers, ", ");
  around_.outbox.pass_on(row, takers, record(row, "fallback", {.why = "taken by " + names}, milliseconds(0)));
  {
    const std::lock_guard lock(mutex_);
    ++counts_.passed_on;
  }
  log::warn("channel {} does not work: {} goes to {}", name(), label_of(row.notification), names);
}

void Channel::set_breaker(const ChannelBreaker& breaker) {
  if (breaker.open_since() != breaker_.open_since()) {
    around_.outbox.set_open_since(options_.name, breaker.open_since());
    log::warn("channel {} {}", name(), breaker.open_since() ? "does not work" : "works again");
  }
  const std::lock_guard lock(mutex_);
  breaker_ = breaker;
}

DeliveryAttempt Channel::record(const Outbox::Row& row, std::string_view outcome, const Verdict& verdict,
                                milliseconds duration) const {
  const bool failure = outcome == "failed" || outcome == "dead";
  return {around_.clock.wall_now(),
          options_.name,
          row.notification.key,
          label_of(row.notification),
          std::string(outcome),
          verdict.status,
          std::string(failure ? to_string(verdict.kind) : ""),
          verdict.why,
          duration};
}

bool Channel::working() const {
  const std::lock_guard lock(mutex_);
  return !breaker_.open_since();
}

std::uint64_t Channel::passed_on() const {
  const std::lock_guard lock(mutex_);
  return counts_.passed_on;
}

ChannelStatus Channel::status() const {
  const Outbox::Backlog backlog = around_.outbox.backlog(options_.name);
  const std::lock_guard lock(mutex_);
  ChannelStatus result = counts_;
  result.name = options_.name;
  result.kind = options_.kind;
  result.pending = backlog.pending;
  result.breaker = breaker_.state(around_.clock.steady_now() < not_before_);
  if (backlog.oldest) {
    const auto age = std::chrono::floor<seconds>(around_.clock.wall_now() - *backlog.oldest);
    result.oldest_pending_age = std::max(age, seconds(0));
  }
  return result;
}

}  // namespace pgvigil
