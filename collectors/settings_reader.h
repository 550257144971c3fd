#pragma once

#include "collectors/reader.h"

namespace pgvigil {

// Reads the server's settings: those that are numbers, one family each. Code and not an entry of the catalogue because
// which there are depends on the server's version and its extensions.
class SettingsReader final : public Reader {
 public:
  static constexpr auto name = "settings";
  static constexpr milliseconds default_interval{60000};

  explicit SettingsReader(milliseconds interval = default_interval);
  const TaskInfo& info() const override { return info_; }
  std::size_t max_series() const override { return 2000; }
  Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) override;

 private:
  TaskInfo info_;
};

}  // namespace pgvigil
