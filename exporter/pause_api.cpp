#include "exporter/pause_api.h"

#include <fmt/format.h>

#include <string_view>

#include "core/error.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

std::string who_asks(const HttpQuery& query) {
  return query.user.empty() ? query.peer : fmt::format("{} from {}", one_line(query.user, 80), query.peer);
}

// Who it was is kept whole, whatever else is said.
std::string signed_reason(const std::string& reason, const std::string& who) {
  const std::string signature = ", by " + who;
  const std::string said = one_line(reason, PauseSwitch::longest_reason - signature.size());
  return (said.empty() ? "no reason given" : said) + signature;
}

HttpReply json_reply(int status, const Json& json) {
  HttpReply reply = text_reply(status, json.dump() + "\n");
  reply.content_type = "application/json";
  return reply;
}

// nullopt: the body says something else than why.
std::optional<std::string> reason_of(std::string_view body) {
  if (body.empty()) return "";
  try {
    const Json json = Json::parse(body);
    for (const auto& [key, value] : json.object()) {
      if (key != "reason" || value.text().empty()) return std::nullopt;
    }
    if (json.object().empty() && json.dump() != "{}") return std::nullopt;
    return json["reason"].text();
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

HttpReply pause_state(const PauseSwitch& pause) {
  if (!pause.paused()) return json_reply(200, Json::Object{{"paused", false}});
  return json_reply(200, Json::Object{{"paused", true}, {"reason", pause.reason()}});
}

HttpReply pause_by_request(const PauseSwitch& pause, const HttpQuery& query) {
  const auto reason = reason_of(query.body);
  if (!reason) return json_reply(400, Json::Object{{"error", R"(the body is to be {"reason": "TEXT"} or {})"}});
  const std::string who = who_asks(query);
  pause.pause(signed_reason(*reason, who));
  log::warn("collectors are paused: {}", pause.reason());
  return pause_state(pause);
}

HttpReply resume_by_request(const PauseSwitch& pause, const HttpQuery& query) {
  const auto said = reason_of(query.body);
  if (!said || !said->empty()) return json_reply(400, Json::Object{{"error", "the body is to be {} or nothing"}});
  pause.resume();
  log::info("collectors are resumed by {}", who_asks(query));
  return pause_state(pause);
}

}  // namespace pgvigil
