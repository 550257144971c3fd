#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/http_client.h"

namespace pgvigil {

// An HTTP client that reaches nobody: answers from a script, then with `usual`. One thread at a time.
class ScriptedClient final : public HttpClient {
 public:
  HttpResponse send(const HttpRequest& request, milliseconds, std::stop_token) override {
    requests.push_back(request);
    if (before_answer) before_answer();
    if (script.empty()) {
      if (!usual) throw Error(Error::Kind::unavailable, "no answer from " + request.url.reveal());
      return *usual;
    }
    const auto next = script.front();
    script.pop_front();
    if (!next) throw Error(Error::Kind::unavailable, "no answer from " + request.url.reveal());
    return *next;
  }
  void answer(long status, std::string body = "", std::map<std::string, std::string, std::less<>> headers = {}) {
    script.emplace_back(HttpResponse{status, std::move(headers), std::move(body)});
  }
  void no_answer() { script.emplace_back(std::nullopt); }

  std::optional<HttpResponse> usual = HttpResponse{200, {}, "ok"};
  std::deque<std::optional<HttpResponse>> script;
  std::vector<HttpRequest> requests;
  std::function<void()> before_answer;
};

}  // namespace pgvigil
