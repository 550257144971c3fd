#pragma once

#include "collectors/reader.h"

namespace pgvigil {

// A collector of what any session sees of the whole server: reads once, in the connected database.
class SessionTask final : public Task {
 public:
  explicit SessionTask(ReaderPtr reader);
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  ReaderPtr reader_;
  TaskInfo info_;
};

}  // namespace pgvigil
