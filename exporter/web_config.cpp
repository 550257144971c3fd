#include "exporter/web_config.h"

#include <fmt/format.h>

#include "exporter/bcrypt.h"

namespace pgvigil {

namespace {

void decode_headers(Section& section, WebConfig& config) {
  for (const char* name : {"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "X-XSS-Protection",
                           "Strict-Transport-Security"}) {
    const std::string text = section.text(name);
    if (text.find_first_of("\r\n") != std::string::npos) {
      section.value(name)->fail(fmt::format("{} must be one line", name));
    } else if (!text.empty()) {
      config.headers.emplace_back(name, text);
    }
  }
  section.finish();
}

void decode_users(Section& section, WebConfig& config) {
  for (const auto& [name, value] : section.members()) {
    const auto hash = value.text();
    if (!hash) continue;
    // What stands there may be the password itself: it is not shown.
    if (!is_bcrypt_hash(*hash)) {
      value.fail(
          fmt::format("the password of user '{}' is no bcrypt hash; `htpasswd -nBC 10 {}` makes one", name, name));
    } else if (name.empty() || name.find(':') != std::string::npos) {
      value.fail("a user's name must not be empty or have a colon");
    } else {
      config.users.emplace(name, Secret(*hash));
    }
  }
}

void decode_rate_limit(Section& section, WebConfig& config) {
  config.rate_limit.interval = section.duration("interval", milliseconds(0), milliseconds(0), std::chrono::hours(1));
  config.rate_limit.burst = static_cast<double>(section.integer("burst", 1, 1, 1000000));
  section.finish();
}

WebConfig decode(Section& root) {
  WebConfig config;
  if (auto section = root.section("tls_server_config")) config.tls = decode_tls(*section);
  if (auto section = root.section("basic_auth_users")) decode_users(*section, config);
  if (auto section = root.section("http_server_config")) {
    section->boolean("http2", true);  // without meaning here: what is served is HTTP/1.1
    if (auto headers = section->section("headers")) decode_headers(*headers, config);
    section->finish();
  }
  if (auto section = root.section("rate_limit")) decode_rate_limit(*section, config);
  root.finish();
  return config;
}

}  // namespace

std::optional<WebConfig> load_web_config(const std::filesystem::path& file, Problems& problems) {
  auto root = Section::load(file, problems);
  if (!root) return std::nullopt;
  const std::size_t before = problems.lines().size();
  WebConfig config = decode(*root);
  if (problems.lines().size() > before) return std::nullopt;
  return config;
}

}  // namespace pgvigil
