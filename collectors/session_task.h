#pragma once

#include <string>

#include "collectors/reader.h"

namespace pgvigil {

// A collector of what any session sees of the whole server, or of what only one database has: reads once, in the
// connected database or in the one that is named.
class SessionTask final : public Task {
 public:
  explicit SessionTask(ReaderPtr reader, std::string database = {});
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  ReaderPtr reader_;
  std::string database_;  // "": the connected one
  TaskInfo info_;
};

}  // namespace pgvigil
