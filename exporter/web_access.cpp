#include "exporter/web_access.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "core/token_bucket.h"
#include "exporter/bcrypt.h"

namespace pgvigil {

namespace {

// Changes when the file is written or another one takes its place.
std::string fingerprint_of(const std::filesystem::path& file) {
  struct stat found {};
  if (file.empty() || ::stat(file.c_str(), &found) != 0) return "-;";
  return fmt::format("{}:{}:{}:{};", found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

std::vector<std::string> certificate_warnings(const TlsContext& tls, WallTime now) {
  std::vector<std::string> warnings;
  if (now < tls.valid_from())
    warnings.push_back("the certificate is not valid before " + format_time(tls.valid_from()));
  if (now > tls.valid_until())
    warnings.push_back("the certificate has been invalid since " + format_time(tls.valid_until()));
  return warnings;
}

HttpReply refusal(BasicAuth::Verdict verdict) {
  if (verdict == BasicAuth::Verdict::limited) {
    HttpReply reply = text_reply(429, "too many wrong passwords; try again later\n");
    reply.headers.emplace_back("Retry-After", "10");
    return reply;
  }
  HttpReply reply = text_reply(401, "a user and a password are needed\n");
  reply.headers.emplace_back("WWW-Authenticate", R"(Basic realm="pgvigil", charset="UTF-8")");
  return reply;
}

void set_headers(HttpReply& reply, const std::vector<std::pair<std::string, std::string>>& headers) {
  for (const auto& header : headers) {
    std::erase_if(reply.headers, [&](const auto& other) { return other.first == header.first; });
    reply.headers.push_back(header);
  }
}

Family family(std::string name, std::string help, MetricType type, double value) {
  return {std::move(name), std::move(help), type, {}, {{{}, value}}};
}

// A bucket that many threads take from.
struct RequestLimit {
  std::mutex mutex;  // guards bucket
  TokenBucket bucket;
  RequestLimit(const WebConfig::RateLimit& limit, SteadyTime now) : bucket(limit.burst, limit.interval, now) {}
  bool take(SteadyTime now) {
    const std::lock_guard lock(mutex);
    return bucket.take(now);
  }
};

}  // namespace

struct WebAccess::State {
  WebConfig config;
  std::shared_ptr<BasicAuth> auth;        // null: nobody is asked
  std::shared_ptr<RequestLimit> limit;    // null: none
  std::shared_ptr<const TlsContext> tls;  // null: none

  std::string fingerprint(const std::filesystem::path& file) const {
    std::string result = fingerprint_of(file);
    if (!config.tls) return result;
    for (const PemSource* source : {&config.tls->certificate, &config.tls->key, &config.tls->client_ca})
      result += fingerprint_of(source->file);
    return result;
  }
};

WebAccess::WebAccess(std::filesystem::path file, const Clock& clock)
    : file_(std::move(file)), clock_(clock), state_(load(nullptr)) {
  fingerprint_ = state_->fingerprint(file_);
}

WebAccess::~WebAccess() = default;

WebAccess::StatePtr WebAccess::load(const StatePtr& old) const {
  auto fresh = std::make_shared<State>();
  if (file_.empty()) return fresh;
  Problems problems;
  auto config = load_web_config(file_, problems);
  if (!config) throw Error(Error::Kind::invalid, join(problems.lines(), "\n"));
  fresh->config = std::move(*config);
  const SteadyTime now = clock_.steady_now();
  const bool same_users = old && old->config.users == fresh->config.users;
  if (same_users) fresh->auth = old->auth;  // with whom it knows already
  if (!same_users && !fresh->config.users.empty())
    fresh->auth = std::make_shared<BasicAuth>(fresh->config.users, &bcrypt_matches, now);
  if (fresh->config.rate_limit.interval > milliseconds(0))
    fresh->limit = std::make_shared<RequestLimit>(fresh->config.rate_limit, now);
  if (fresh->config.tls) {
    fresh->tls = std::make_shared<TlsContext>(*fresh->config.tls);
    for (const std::string& warning : certificate_warnings(*fresh->tls, clock_.wall_now()))
      log::warn("{}: {}", file_.string(), warning);
  }
  if (old) keep_tls(*fresh, *old);
  return fresh;
}

// Whether there is TLS at all is decided when the agent starts to listen.
void WebAccess::keep_tls(State& fresh, const State& old) const {
  if ((fresh.tls == nullptr) == (old.tls == nullptr)) return;
  log::warn("{}: TLS is switched {} when the agent is started again, not before", file_.string(),
            fresh.tls ? "on" : "off");
  fresh.tls = old.tls;
}

void WebAccess::take_over(const std::string& fingerprint) {
  StatePtr old;
  {
    const std::lock_guard lock(mutex_);
    old = state_;
  }
  StatePtr fresh;
  fingerprint_ = fingerprint;
  try {
    fresh = load(old);
    fingerprint_ = fresh->fingerprint(file_);
    log::info("{}: the new web configuration is in use", file_.string());
  } catch (const Error& error) {
    log::error("the web configuration has problems, the old one stays in use: {}", error.what());
  }
  const std::lock_guard lock(mutex_);
  reload_good_ = fresh != nullptr;
  if (fresh) state_ = fresh;
}

void WebAccess::reload() {
  if (file_.empty()) return;
  const std::lock_guard refreshing(refreshing_);
  take_over(fingerprint_);
}

WebAccess::StatePtr WebAccess::state() {
  if (const std::unique_lock refreshing(refreshing_, std::try_to_lock); refreshing && !file_.empty()) {
    const SteadyTime now = clock_.steady_now();
    if (now >= next_look_) {
      next_look_ = now + seconds(1);
      StatePtr current;
      {
        const std::lock_guard lock(mutex_);
        current = state_;
      }
      const std::string fingerprint = current->fingerprint(file_);
      if (fingerprint != fingerprint_) take_over(fingerprint);
    }
  }
  const std::lock_guard lock(mutex_);
  return state_;
}

std::shared_ptr<const TlsContext> WebAccess::tls() {
  return state()->tls;
}

BasicAuth::Verdict WebAccess::authenticate(const State& state, const HttpQuery& query) {
  if (!state.auth) return BasicAuth::Verdict::allowed;
  const SteadyTime now = clock_.steady_now();
  const BasicAuth::Verdict verdict = state.auth->check(query.authorization, query.peer, now);
  if (verdict == BasicAuth::Verdict::allowed) return verdict;
  const std::lock_guard lock(mutex_);
  ++(verdict == BasicAuth::Verdict::limited ? limited_ : denied_);
  // A browser's first request comes without a password; anybody can send wrong ones, and the log must not grow by it.
  if (query.authorization.empty()) return verdict;
  ++unsaid_;
  if (now < next_complaint_) return verdict;
  log::warn("http: {} requests with a wrong user or password; the last one from {}", unsaid_, query.peer);
  next_complaint_ = now + std::chrono::minutes(1);
  unsaid_ = 0;
  return verdict;
}

HttpReply WebAccess::answer(const HttpQuery& query, const HttpServer::Handler& next) {
  const StatePtr current = state();
  HttpReply reply;
  if (current->limit && !current->limit->take(clock_.steady_now())) {
    reply = text_reply(429, "too many requests\n");
  } else if (const auto verdict = authenticate(*current, query); verdict != BasicAuth::Verdict::allowed) {
    reply = refusal(verdict);
  } else {
    reply = next(query);
  }
  set_headers(reply, current->config.headers);
  return reply;
}

std::vector<Family> WebAccess::families() const {
  if (file_.empty()) return {};
  const std::lock_guard lock(mutex_);
  std::vector<Family> families;
  families.push_back(family("pgvigil_web_config_last_reload_successful",
                            "1 when the web configuration and its certificates were read without a problem the last "
                            "time, otherwise 0 and the old ones are in use.",
                            MetricType::gauge, reload_good_ ? 1 : 0));
  families.push_back(family("pgvigil_http_unauthorized_total",
                            "Requests that were refused because their user or password was missing or wrong.",
                            MetricType::counter, static_cast<double>(denied_)));
  families.push_back(family("pgvigil_http_password_rate_limited_total",
                            "Requests whose password was not looked at because too many had been wrong.",
                            MetricType::counter, static_cast<double>(limited_)));
  if (state_->tls) {
    families.push_back(family("pgvigil_tls_certificate_expiry_timestamp_seconds",
                              "When the certificate that the agent shows ends, in seconds since the epoch.",
                              MetricType::gauge, unix_seconds(state_->tls->valid_until())));
  }
  return families;
}

std::vector<std::string> check_web_config(const std::filesystem::path& file, const Clock& clock, Problems& problems) {
  const auto config = load_web_config(file, problems);
  if (!config || !config->tls) return {};
  try {
    return certificate_warnings(TlsContext(*config->tls), clock.wall_now());
  } catch (const Error& error) {
    problems.add(file.string() + ":1:1", fmt::format("tls_server_config: {}", error.what()));
    return {};
  }
}

}  // namespace pgvigil
