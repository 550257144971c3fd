#include "alerts/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/log.h"
#include "core/sha256.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// What failed, without the address, in case the client's message quotes it.
std::string without_address(std::string text, const Secret& url) {
  const std::string& whole = url.reveal();
  const std::string path = whole.substr(std::min(url_origin(url).size(), whole.size()));
  for (const std::string& secret : {whole, path}) {
    if (secret.size() < 2) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return one_line(text, 300);
}

}  // namespace

std::string_view to_string(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::delivered: return "delivered";
    case Verdict::Kind::unreachable: return "unreachable";
    case Verdict::Kind::rate_limited: return "rate_limited";
    case Verdict::Kind::receiver_failed: return "receiver_failed";
    case Verdict::Kind::misconfigured: return "misconfigured";
    case Verdict::Kind::payload_refused: return "payload_refused";
  }
  return "unknown";
}

const std::vector<Verdict::Kind>& failure_kinds() {
  using Kind = Verdict::Kind;
  static const std::vector<Kind> kinds{Kind::unreachable, Kind::rate_limited, Kind::receiver_failed,
                                       Kind::misconfigured, Kind::payload_refused};
  return kinds;
}

std::string letter_id(const Notification& notification) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}", notification.channel, notification.key, notification.sequence,
                  notification.at.time_since_epoch().count());
  return "msg_" + sha256_hex(text).substr(0, 32);
}

Verdict HttpNotifier::deliver(std::span<const Letter> letters, const Wire& wire) const {
  const auto attempt = [&](const HttpRequest& request) {
    Exchange answer = exchange(request, wire);
    return answer.response ? judge(*answer.response) : std::move(answer.failure);
  };
  Verdict verdict = attempt(render(letters));
  if (verdict.kind != Verdict::Kind::payload_refused || letters.size() > 1) return verdict;
  log::warn("{}; sending the message again in its shortest form", verdict.why);
  return attempt(render_minimal(letters.front()));
}

Exchange exchange(const HttpRequest& request, const Wire& wire) {
  try {
    return {wire.http.send(request, wire.timeout, wire.stop), {}};
  } catch (const Error& error) {
    const bool ours = error.kind() == Error::Kind::invalid;
    return {std::nullopt,
            {.kind = ours ? Verdict::Kind::misconfigured : Verdict::Kind::unreachable,
             .why = without_address(error.what(), request.url)}};
  }
}

std::optional<milliseconds> retry_after(const HttpResponse& response) {
  const auto header = response.headers.find("retry-after");
  if (header == response.headers.end()) return std::nullopt;
  const std::string& text = header->second;
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 0) return std::nullopt;
  return seconds(count);
}

Verdict judge_failure(const HttpResponse& response, std::string_view receiver) {
  using Kind = Verdict::Kind;
  Kind kind = Kind::misconfigured;  // a wrong address, or a gateway that stands in between
  if (response.status == 429) kind = Kind::rate_limited;
  if (response.status >= 500 || response.status == 408) kind = Kind::receiver_failed;
  return {.kind = kind,
          .after = kind == Kind::misconfigured ? std::nullopt : retry_after(response),
          .why = fmt::format("{} answered {}", receiver, response.status),
          .status = response.status};
}

}  // namespace pgvigil
