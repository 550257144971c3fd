// The receiver of script/demo: takes what the agent sends to Slack's incoming webhooks (POST /slack) and to PagerDuty's
// Events API v2 (POST /v2/enqueue), answers as they do, refuses what they would refuse, and prints each message as a
// person would see it, one line a message. Its first line is the port it listens on. Ends on SIGTERM or SIGINT.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <csignal>
#include <ctime>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/support/http_receiver.h"

namespace pgvigil {
namespace {

using Request = HttpReceiver::Request;
using Answer = HttpReceiver::Answer;

Answer answer(int status, std::string body) {
  return {status, {}, std::move(body), milliseconds(0), false};
}

void print(std::string_view channel, std::string_view message) {
  fmt::print("{:%H:%M:%S} {:<9} {}\n", fmt::localtime(std::time(nullptr)), channel, one_line(message));
  std::fflush(stdout);
}

// The texts of Block Kit's blocks and of attachments, wherever they stand, in the order of reading.
void collect_texts(const Json& value, std::vector<std::string>& texts) {
  for (const auto& element : value.array()) collect_texts(element, texts);
  for (const auto& [key, member] : value.object()) {
    if (key == "text" && !member.text().empty()) texts.push_back(member.text());
    collect_texts(member, texts);
  }
}

Answer receive_slack(const Json& message) {
  std::vector<std::string> texts;
  collect_texts(message, texts);
  if (texts.empty()) return answer(400, "invalid_payload");
  print("SLACK", join(texts, " / "));
  return answer(200, "ok");
}

std::string problem_with(const Json& event) {
  if (event["routing_key"].text().size() != 32) return "routing_key must have 32 characters";
  const auto& action = event["event_action"].text();
  if (action != "trigger" && action != "acknowledge" && action != "resolve") return "event_action is not known";
  if (action != "trigger") return event["dedup_key"].text().empty() ? "dedup_key is missing" : "";
  for (const auto* field : {"summary", "source", "severity"})
    if (event["payload"][field].text().empty()) return fmt::format("payload.{} is missing", field);
  return "";
}

Answer receive_pagerduty(const Json& event) {
  const std::string problem = problem_with(event);
  if (!problem.empty())
    return answer(400, fmt::format(R"({{"status":"invalid event","message":"{0}","errors":["{0}"]}})", problem));
  const auto& payload = event["payload"];
  print("PAGERDUTY", fmt::format("{} {} {} (dedup_key {})", event["event_action"].text(), payload["severity"].text(),
                                 payload["summary"].text(), event["dedup_key"].text()));
  Json reply(Json::Object{{"status", "success"}, {"message", "Event processed"}, {"dedup_key", event["dedup_key"]}});
  return answer(202, reply.dump());
}

Answer respond(const Request& request) {
  try {
    if (request.method != "POST") return answer(405, "method not allowed");
    if (request.path == "/slack") return receive_slack(Json::parse(request.body));
    if (request.path == "/v2/enqueue") return receive_pagerduty(Json::parse(request.body));
    return answer(404, "no_service");
  } catch (const Error& error) {
    print("REFUSED", error.what());
    return answer(400, "invalid_payload");
  }
}

int receive() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before the threads start, which inherit it
  const HttpReceiver receiver(0, respond);
  fmt::print("{}\n", receiver.port());
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  return 0;
}

}  // namespace
}  // namespace pgvigil

int main() {
  try {
    return pgvigil::receive();
  } catch (const std::exception& error) {
    fmt::print(stderr, "demo_receiver: {}\n", error.what());
    return 1;
  }
}
