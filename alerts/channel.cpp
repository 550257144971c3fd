#include "alerts/channel.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr milliseconds send_timeout{15'000};

std::string describe(const Notification& notification) {
  const bool over = notification.kind == Notification::Kind::resolve;
  return fmt::format("{} of {} ({})", over ? "resolve" : "trigger", notification.rule,
                     notification.announcement.subject);
}

// What failed, without the address, in case the client's message quotes it.
std::string without_address(std::string text, const Secret& url) {
  const std::string origin = url_origin(url);
  for (const std::string& secret : {url.reveal(), url.reveal().substr(std::min(origin.size(), url.reveal().size()))}) {
    if (secret.size() < 2) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return one_line(text, 300);
}

}  // namespace

Channel::Channel(ChannelOptions options, Outbox& outbox, HttpClient& client, const Clock& clock)
    : options_(std::move(options)), outbox_(outbox), client_(client), clock_(clock), not_before_(clock.steady_now()) {}

SteadyTime Channel::step(const std::stop_token& stop) {
  const SteadyTime now = clock_.steady_now();
  if (now < not_before_) return not_before_;
  const auto row = outbox_.next(options_.name, clock_.wall_now());
  if (!row) return idle_until(now);
  if (unmarked_.contains(row->id)) {
    note_delivered(*row);
  } else if (expired(*row)) {
    give_up(*row, "too old");
  } else {
    attempt(*row, stop);
  }
  return std::max(not_before_, now);
}

SteadyTime Channel::idle_until(SteadyTime now) const {
  const auto due = outbox_.next_due(options_.name);
  if (!due) return now + longest_wait;
  const auto wait = std::chrono::ceil<milliseconds>(*due - clock_.wall_now());
  return now + std::clamp(wait, milliseconds(1), longest_wait);
}

// Never before it was tried: its age may be a jump of the wall clock.
bool Channel::expired(const Outbox::Row& row) const {
  const bool resolve = row.notification.kind == Notification::Kind::resolve;
  return row.attempts > 0 && clock_.wall_now() - row.created_at > (resolve ? resolve_patience : trigger_patience);
}

void Channel::attempt(const Outbox::Row& row, const std::stop_token& stop) {
  const Notifier& notifier = *options_.notifier;
  Verdict verdict = exchange(notifier.render(row.notification), stop);
  if (verdict.kind == Verdict::Kind::payload_refused) {
    log::warn("channel {}: {}; sending the {} again in its shortest form", name(), verdict.why,
              describe(row.notification));
    verdict = exchange(notifier.render_minimal(row.notification), stop);
  }
  // Whether an interrupted request arrived is unknown: the message stays in the outbox for the next start.
  if (stop.stop_requested() && verdict.kind != Verdict::Kind::delivered) return;
  switch (verdict.kind) {
    case Verdict::Kind::delivered:
      unmarked_.insert(row.id);
      sent_.fetch_add(1);
      note_delivered(row);
      break;
    case Verdict::Kind::retry: note_retry(row, verdict); break;
    case Verdict::Kind::payload_refused: give_up(row, verdict.why); break;
  }
}

Verdict Channel::exchange(const HttpRequest& request, const std::stop_token& stop) {
  try {
    return options_.notifier->judge(client_.send(request, send_timeout, stop));
  } catch (const Error& error) {
    const bool ours = error.kind() == Error::Kind::invalid;
    return Verdict::retry(without_address(error.what(), request.url), ours ? std::optional(repair_wait) : std::nullopt);
  }
}

void Channel::note_delivered(const Outbox::Row& row) {
  outbox_.delivered(row.id);
  unmarked_.erase(row.id);
  log::info("channel {}: {} delivered", name(), describe(row.notification));
  failures_ = 0;
  failing_ = false;
  not_before_ = clock_.steady_now() + options_.notifier->pace();
}

void Channel::note_retry(const Outbox::Row& row, const Verdict& verdict) {
  ++failures_;
  failed_.fetch_add(1);
  failing_ = true;
  const milliseconds pause = retry_wait(backoff_, failures_, random(), verdict.after);
  const milliseconds wait = std::max(pause, retry_wait(backoff_, row.attempts + 1, random(), verdict.after));
  not_before_ = clock_.steady_now() + std::max(pause, options_.notifier->pace());
  log::warn("channel {}: {} failed, attempt {}, next in {}: {}", name(), describe(row.notification), row.attempts + 1,
            format_duration(wait), verdict.why);
  outbox_.postpone(row.id, clock_.wall_now() + wait);
}

void Channel::give_up(const Outbox::Row& row, std::string_view why) {
  outbox_.bury(row.id, why, clock_.wall_now());
  dead_.fetch_add(1);
  failing_ = true;
  not_before_ = clock_.steady_now() + options_.notifier->pace();
  log::error("channel {}: {} is given up after {} attempts: {}", name(), describe(row.notification), row.attempts + 1,
             why);
}

ChannelStatus Channel::status() const {
  const Outbox::Backlog backlog = outbox_.backlog(options_.name);
  ChannelStatus result{options_.name, options_.kind,  backlog.pending, seconds(0),
                       sent_.load(),  failed_.load(), dead_.load(),    failing_.load()};
  if (backlog.oldest) {
    result.oldest_pending_age = std::max(std::chrono::floor<seconds>(clock_.wall_now() - *backlog.oldest), seconds(0));
  }
  return result;
}

}  // namespace pgvigil
