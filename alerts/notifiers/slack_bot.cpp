#include "alerts/notifiers/slack_bot.h"

#include <fmt/format.h>

#include "alerts/notifiers/slack_text.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// What is remembered of a key's message: {"channel", "ts", "closed"}.
Json parse_memory(const std::string& text) {
  try {
    return text.empty() ? Json() : Json::parse(text);
  } catch (const Error&) {
    return {};
  }
}

std::string memory_of(const Json& place, bool closed) {
  return Json(Json::Object{{"channel", place["channel"]}, {"ts", place["ts"]}, {"closed", closed}}).dump();
}

bool is_over(const Letter& letter) {
  return letter.news.kind == Notification::Kind::resolve;
}

// The message is gone or may no longer be changed: a new one has to take its place.
bool cannot_change(std::string_view error) {
  return error == "message_not_found" || error == "cant_update_message" || error == "edit_window_closed" ||
         error == "thread_not_found";
}

// What has to reach more people than those who follow the thread.
bool is_for_all(const Letter& letter) {
  const AlertNews& first = letter.news.alerts.front();
  return !is_over(letter) && (letter.news.repeat || (first.previous && *first.previous < letter.news.level));
}

}  // namespace

// chat.update is limited to some 50 calls a minute.
ReceiverTraits SlackBotNotifier::traits() const {
  return {.form = ChannelPolicy::Form::grouped, .burst = 5, .pace = milliseconds(1200)};
}

Verdict SlackBotNotifier::deliver(std::span<const Letter> letters, const Wire& wire) const {
  const Letter& letter = letters.front();
  const Json posted = parse_memory(letter.remembered);
  const bool known = !posted["ts"].text().empty();
  if (!known || (posted["closed"].boolean() && !is_over(letter))) return post(letter, wire);
  const Json::Object place{{"channel", posted["channel"]}, {"ts", posted["ts"]}};
  const Answer changed = call("chat.update", place, slack_message(letter), letter, wire);
  if (cannot_change(changed.error)) return post(letter, wire);
  if (!changed.verdict.delivered()) return changed.verdict;
  return reply(letter, posted, wire);
}

Verdict SlackBotNotifier::post(const Letter& letter, const Wire& wire) const {
  Answer answer = call("chat.postMessage", {{"channel", options_.channel}}, slack_message(letter), letter, wire);
  if (answer.verdict.delivered()) answer.verdict.remember = memory_of(answer.body, is_over(letter));
  return answer.verdict;
}

Verdict SlackBotNotifier::reply(const Letter& letter, const Json& posted, const Wire& wire) const {
  Json::Object place{{"channel", posted["channel"]}, {"thread_ts", posted["ts"]}};
  if (is_for_all(letter)) place.emplace_back("reply_broadcast", true);
  const Json::Object text{{"text", slack_plain_text(letter)}};
  Answer answer = call("chat.postMessage", place, text, letter, wire);
  if (answer.verdict.delivered()) answer.verdict.remember = memory_of(posted, is_over(letter));
  return answer.verdict;
}

SlackBotNotifier::Answer SlackBotNotifier::call(std::string_view method, const Json::Object& place,
                                                Json::Object message, const Letter& letter, const Wire& wire) const {
  Json::Object body = place;
  for (auto& member : message) body.push_back(std::move(member));
  Answer answer = send(method, std::move(body), wire);
  if (answer.verdict.kind != Verdict::Kind::payload_refused) return answer;
  Json::Object minimal = place;
  minimal.emplace_back("text", slack_plain_text(letter));
  if (method == "chat.update") minimal.emplace_back("attachments", Json::Array());
  return send(method, std::move(minimal), wire);
}

SlackBotNotifier::Answer SlackBotNotifier::send(std::string_view method, Json::Object body, const Wire& wire) const {
  const HttpRequest request{
      "POST",
      Secret(fmt::format("{}/{}", options_.api_url, method)),
      {{"Content-Type", "application/json; charset=utf-8"}, {"Authorization", "Bearer " + options_.token.reveal()}},
      Json(std::move(body)).dump()};
  Exchange answer = exchange(request, wire);
  if (!answer.response) return {std::move(answer.failure), "", {}};
  const HttpResponse& response = *answer.response;
  Json said;
  try {
    said = Json::parse(response.body);
  } catch (const Error&) {
    // Not an answer of Slack's: its status says all.
  }
  if (response.status == 200 && said["ok"].boolean())
    return {{.kind = Verdict::Kind::delivered, .status = response.status}, "", std::move(said)};
  return {judge_slack_failure(response), slack_error(response), std::move(said)};
}

}  // namespace pgvigil
