#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "alerts/options.h"
#include "collectors/backup/options.h"
#include "collectors/collectors.h"
#include "core/log.h"
#include "core/pg_options.h"
#include "core/yaml_section.h"

namespace pgvigil {

// Where /metrics and the pages are served, and the file that says who may ask (none: everybody, without TLS).
struct ListenOptions {
  std::string address = "127.0.0.1";
  int port = 9187;
  std::filesystem::path web_config;
  bool operator==(const ListenOptions&) const = default;
};

struct LogOptions {
  log::Level level = log::Level::info;
  log::Format format = log::Format::text;
};

// The whole configuration, checked. Each part decodes its own section beside its code; this puts them together.
struct Config {
  PgOptions target;
  ListenOptions listen;
  std::filesystem::path state_dir;
  LogOptions log;
  CollectorOptions collectors;
  AlertOptions alerts;
  std::vector<BackupOptions> backups;
};

// Reads a file; nullopt when there is any problem. All of them are reported at once.
std::optional<Config> load_config(const std::filesystem::path& file, Problems& problems);

}  // namespace pgvigil
