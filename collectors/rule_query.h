#pragma once

#include <string>

#include "collectors/reader.h"

namespace pgvigil {

// The query of an alert rule: a row is a subject, its column `value` a number, all others are labels.
struct RuleQuery {
  std::string rule;    // the rule's id
  std::string metric;  // the family that its rows become
  std::string query;
  milliseconds every{60'000};
  milliseconds timeout{5000};
  std::string database;        // "": the connected one
  bool each_database = false;  // every database that the collectors walk, with the label datname
};

// Reads one rule's query; its task, or its part of the walk over the databases, is named "rule:<id>". Names in the
// query need their schema, as in the catalogue.
class RuleQueryReader final : public Reader {
 public:
  static constexpr std::size_t max_rows = 1000;

  explicit RuleQueryReader(RuleQuery rule);
  const TaskInfo& info() const override { return info_; }
  std::size_t max_series() const override { return max_rows; }
  // Throws Error::invalid for a result that is no list of subjects.
  Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) override;

 private:
  RuleQuery rule_;
  TaskInfo info_;
};

}  // namespace pgvigil
