#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/sample.h"
#include "core/yaml_section.h"
#include "exporter/basic_auth.h"
#include "exporter/http_server.h"
#include "exporter/tls.h"
#include "exporter/web_config.h"

namespace pgvigil {

// Who may ask, by the web configuration that is in use: passwords, the rate of requests, headers, and the certificate
// for TLS. Looks after the file and those it names once a second when somebody asks, and takes over what changed; what
// has a problem is logged and the old one stays in use. Any thread.
class WebAccess {
 public:
  // An empty path: everybody may ask. Throws Error::invalid with every problem that the file has.
  WebAccess(std::filesystem::path file, const Clock& clock);
  ~WebAccess();

  // Answers by `next` when the query may pass, otherwise with 401 or 429.
  HttpReply answer(const HttpQuery& query, const HttpServer::Handler& next);

  // Null when TLS is not configured.
  std::shared_ptr<const TlsContext> tls();

  // Reads everything again, whether it seems changed or not.
  void reload();

  std::vector<Family> families() const;

 private:
  struct State;
  using StatePtr = std::shared_ptr<const State>;

  StatePtr state();
  StatePtr load(const StatePtr& old) const;
  void take_over(const std::string& fingerprint);
  void keep_tls(State& fresh, const State& old) const;
  BasicAuth::Verdict authenticate(const State& state, const HttpQuery& query);

  const std::filesystem::path file_;
  const Clock& clock_;
  std::mutex refreshing_;  // held by whoever looks for changes; guards next_look_ and fingerprint_
  SteadyTime next_look_;
  std::string fingerprint_;   // of the files, when they were read last
  mutable std::mutex mutex_;  // guards what follows
  StatePtr state_;
  bool reload_good_ = true;
  std::uint64_t denied_ = 0;
  std::uint64_t limited_ = 0;
  std::uint64_t unsaid_ = 0;  // denied since the last complaint
  SteadyTime next_complaint_;
};

// For `check config`: reads the file and all that it names. What keeps it from being used is added to `problems`; what
// only looks wrong, such as a certificate that is no longer valid, is returned.
std::vector<std::string> check_web_config(const std::filesystem::path& file, const Clock& clock, Problems& problems);

}  // namespace pgvigil
