#include "alerts/notifiers/pg_notify.h"

#include "alerts/alert_json.h"
#include "alerts/message_text.h"
#include "core/error.h"
#include "core/json.h"
#include "core/pg_options.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t payload_limit = 8000;  // NOTIFY takes less than that
constexpr std::size_t name_limit = 63;       // NAMEDATALEN
constexpr std::size_t max_name = 200;

std::string payload(const Letter& letter, std::size_t max_text) {
  const Notification& news = letter.news;
  const AlertNews& first = news.alerts.front();
  const std::size_t count = news.alerts.size() + news.more_firing + news.more_over;
  const bool over = news.kind == Notification::Kind::resolve;
  return Json(Json::Object{
                  {"alert_name", truncate_utf8(first.rule, max_name)},
                  {"level", std::string(to_string(news.level))},
                  {"metric_value", to_json(first.value)},
                  {"threshold", to_json(first.threshold)},
                  {"timestamp", format_time(news.at)},
                  {"status", over ? "resolved" : "firing"},
                  {"since", format_time(first.since)},
                  {"instance", truncate_utf8(first.instance, max_name)},
                  {"subject", truncate_utf8(first.announcement.subject, std::min(max_text, max_name))},
                  {"summary", truncate_utf8(count > 1 ? headline(letter) : first.announcement.summary, max_text)},
                  {"alerts", static_cast<std::int64_t>(count)},
                  {"repeat", news.repeat},
                  {"late", letter.late},
                  {"event_id", letter.id}})
      .dump();
}

Verdict::Kind kind_of(const Error& error) {
  if (error.kind() == Error::Kind::unavailable || error.kind() == Error::Kind::cancelled)
    return Verdict::Kind::unreachable;
  // A standby, until it is promoted; the queue of notifications is full (54000: program_limit_exceeded).
  if (error.sqlstate() == "25006" || error.sqlstate() == "54000") return Verdict::Kind::receiver_failed;
  return Verdict::Kind::misconfigured;
}

}  // namespace

std::vector<NotifierPtr> decode_pg_notify(Section& section, const DecodeContext&) {
  PgNotifyOptions options;
  if (section.has("conninfo")) options.server = decode_pg_options(section);
  options.channel = section.text("notify_channel", options.channel);
  if (options.channel.empty() || options.channel.size() > name_limit)
    section.fail("notify_channel takes a name of at most 63 bytes");
  return {std::make_shared<PgNotifyNotifier>(std::move(options))};
}

ReceiverTraits PgNotifyNotifier::traits() const {
  return {.form = ChannelPolicy::Form::grouped, .burst = 10, .pace = milliseconds(200)};
}

std::string pg_notify_payload(const Letter& letter) {
  // A control character becomes six bytes in JSON, so the length is known only afterwards.
  for (const std::size_t max_text : {4000UL, 1000UL, 300UL}) {
    std::string text = payload(letter, max_text);
    if (text.size() < payload_limit) return text;
  }
  return payload(letter, 0);
}

Verdict PgNotifyNotifier::deliver(std::span<const Letter> letters, const Wire& wire) const {
  try {
    PgConnection session = PgConnection::open(options_.server.value_or(wire.target), wire.stop);
    session.query("SELECT pg_notify($1, $2)", {options_.channel, pg_notify_payload(letters.front())}, wire.timeout,
                  wire.stop);
    return {.kind = Verdict::Kind::delivered};
  } catch (const Error& error) {
    return {.kind = kind_of(error), .why = one_line(error.what(), 300)};
  }
}

}  // namespace pgvigil
