#include "exporter/pause_api.h"

#include <fmt/format.h>

#include <string_view>

#include "core/error.h"
#include "core/json.h"
#include "core/log.h"

namespace pgvigil {

namespace {

std::string who_asks(const HttpQuery& query) {
  return query.user.empty() ? query.peer : fmt::format("{} from {}", query.user, query.peer);
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
  pause.pause(fmt::format("{}, by {}", reason->empty() ? "no reason given" : *reason, who));
  log::warn("collectors are paused by {}: {}", who, *reason);
  return pause_state(pause);
}

HttpReply resume_by_request(const PauseSwitch& pause, const HttpQuery& query) {
  pause.resume();
  log::info("collectors are resumed by {}", who_asks(query));
  return pause_state(pause);
}

}  // namespace pgvigil
