#pragma once

#include <map>
#include <string>
#include <vector>

#include "collectors/breaker.h"
#include "collectors/database_filter.h"
#include "collectors/family_merge.h"
#include "collectors/pace.h"
#include "collectors/reader.h"

namespace pgvigil {

// The task "databases": reads what only a session inside a database sees, in every database that the filter accepts.
// One visit to a database serves all readers that are due. What fails in one database costs the others nothing: its
// subjects stay known without values, the failure is a metric, and it is tried again after a pause that grows. Each
// reader's result is published under the reader's name, and is a failure only when no database could be read.
class DatabaseWalk final : public Task {
 public:
  DatabaseWalk(std::vector<ReaderPtr> readers, DatabaseFilter filter);

  const TaskInfo& info() const override { return info_; }
  std::vector<TaskInfo> parts() const override;
  // Throws Error when the databases cannot be listed.
  std::vector<Family> run(RunContext& context) override;

 private:
  // One reader and what it reported last.
  struct Part {
    ReaderPtr reader;
    Pace pace;
    SteadyTime due;                               // when to read again
    int incomplete = 0;                           // rounds in a row that left a database out
    std::vector<Family> shape;                    // the families, once they are known
    std::map<std::string, Subjects> known;        // by database
    std::map<std::string, std::string> problems;  // by database: of the last reading there, "" when it was good
  };
  // One part's work in one walk.
  struct Round;
  struct Database {
    Breaker breaker{seconds(15), std::chrono::minutes(15)};
    std::string problem;  // of the last visit; logged when it changes
    bool good = true;
    SteadyTime visited;
    std::chrono::duration<double> took{0};
  };

  std::vector<std::string> discover(RunContext& context);
  // So that a walk that ran out of time does not leave out the same ones again.
  std::vector<std::string> longest_unvisited_first(std::vector<std::string> databases);
  std::vector<Round> due_rounds(SteadyTime now);
  void visit(const std::string& database, std::vector<Round>& rounds, RunContext& context);
  void read_all(ConnectionPool::Lease& session, const std::string& database, std::vector<Round>& rounds,
                const RunContext& context);
  static void read(ConnectionPool::Lease& session, const std::string& database, Round& round,
                   const std::stop_token& stop);
  static void note_failure(Part& part, const std::string& database, const std::string& problem);
  void forget_all_but(const std::vector<std::string>& databases);
  bool readable(const std::string& database) const;
  void note(const std::string& database, const std::string& problem);
  void report(Round& round, const std::vector<std::string>& databases, PartSink& sink);
  static std::vector<std::vector<Family>> take_readings(Round& round, const std::vector<std::string>& databases);
  static void plan_next(Part& part, bool complete);
  std::vector<Family> own_families() const;
  Family failures() const;

  std::vector<Part> parts_;
  DatabaseFilter filter_;
  TaskInfo info_;
  std::string connected_;  // the database of the budget's kept sessions
  std::map<std::string, Database> databases_;
};

}  // namespace pgvigil
