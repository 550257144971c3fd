#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/yaml_section.h"
#include "exporter/basic_auth.h"
#include "exporter/tls_options.h"

namespace pgvigil {

// Who may ask and how: the file format that Prometheus's exporters share
// (https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md).
struct WebConfig {
  struct RateLimit {
    milliseconds interval{0};  // 0: none
    double burst = 1;
    bool operator==(const RateLimit&) const = default;
  };
  std::optional<TlsOptions> tls;
  BasicAuth::Users users;                                    // none: nobody is asked
  std::vector<std::pair<std::string, std::string>> headers;  // sent with every reply
  RateLimit rate_limit;
};

// Reads a file; nullopt when there is any problem. All of them are reported at once.
std::optional<WebConfig> load_web_config(const std::filesystem::path& file, Problems& problems);

}  // namespace pgvigil
