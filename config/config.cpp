#include "config/config.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace pgvigil {

namespace {

// Into `listen`, where it stays as it was when `value` is wrong.
void decode_address(const YamlValue& value, ListenOptions& listen) {
  const auto text = value.text();
  if (!text) return;
  const std::size_t colon = text->rfind(':');
  const std::string digits = colon == std::string::npos ? "" : text->substr(colon + 1);
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool number = error == std::errc() && end == digits.data() + digits.size() && port >= 0 && port <= 65535;
  const std::string address = text->substr(0, colon);
  in_addr parsed{};
  const bool ipv4 = ::inet_pton(AF_INET, address.c_str(), &parsed) == 1;
  if (!number || !ipv4) {
    value.fail(
        fmt::format("'{}' is no address to listen on; allowed is ADDRESS:PORT with an IPv4 address, such as "
                    "127.0.0.1:9187 or 0.0.0.0:9187",
                    value.written()));
    return;
  }
  listen.address = address;
  listen.port = port;
}

// ADDRESS:PORT, or a map with more.
ListenOptions decode_listen(Section& root) {
  ListenOptions listen;
  const auto value = root.value("listen");
  if (!value) return listen;
  if (!value->is_map()) {
    decode_address(*value, listen);
    return listen;
  }
  Section section(*value);
  if (const auto address = section.value("address")) decode_address(*address, listen);
  listen.web_config = section.path("web_config");
  section.finish();
  return listen;
}

LogOptions decode_log(Section& section) {
  LogOptions options;
  const std::string level = section.choice("level", "info", {"debug", "info", "warn", "error"});
  options.level = level == "debug"   ? log::Level::debug
                  : level == "warn"  ? log::Level::warn
                  : level == "error" ? log::Level::error
                                     : log::Level::info;
  options.format = section.choice("format", "text", {"text", "json"}) == "json" ? log::Format::json : log::Format::text;
  section.finish();
  return options;
}

Config decode(Section& root) {
  Config config;
  if (auto target = root.section("target")) {
    config.target = decode_pg_options(*target);
    target->finish();
  } else if (!root.has("target")) {
    root.fail(
        "target is missing: the server to watch, such as target: { conninfo: \"host=/run/postgresql user=pgvigil\" }");
  }
  config.listen = decode_listen(root);
  config.state_dir = root.path("state_dir", "/var/lib/pgvigil");
  if (auto section = root.section("log")) config.log = decode_log(*section);
  if (auto section = root.section("collectors")) config.collectors = decode_collectors(*section);
  config.alerts = decode_alerts(root);
  config.backups = decode_backups(root);
  root.finish();
  return config;
}

}  // namespace

std::optional<Config> load_config(const std::filesystem::path& file, Problems& problems) {
  auto root = Section::load(file, problems);
  if (!root) return std::nullopt;
  Config config = decode(*root);
  if (!problems.empty()) return std::nullopt;
  return config;
}

}  // namespace pgvigil
