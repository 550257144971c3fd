#include "collectors/database_walk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

milliseconds interval_of(const TaskInfo& info) {
  return std::get<Interval>(info.schedule).period;
}

milliseconds shortest_interval(const std::vector<ReaderPtr>& readers) {
  milliseconds shortest = std::chrono::hours(24);
  for (const ReaderPtr& reader : readers) shortest = std::min(shortest, interval_of(reader->info()));
  return shortest;
}

}  // namespace

struct DatabaseWalk::Round {
  Part* part = nullptr;
  std::map<std::string, std::vector<Family>> read;  // by database
  RunResult result;
  std::set<std::string> skipped_in;
  std::string skipped;  // the first reason
  std::string failed;   // the first one
};

DatabaseWalk::DatabaseWalk(std::vector<ReaderPtr> readers, DatabaseFilter filter) : filter_(std::move(filter)) {
  const milliseconds interval = shortest_interval(readers);
  // A walk that takes longer goes on with the next one: what it did not reach has no values meanwhile.
  info_ = {"databases", TaskKind::collector, Interval{interval}, std::max<milliseconds>(interval, seconds(30))};
  for (ReaderPtr& reader : readers) parts_.push_back({std::move(reader), {}, {}, 0, {}, {}, {}});
}

std::vector<TaskInfo> DatabaseWalk::parts() const {
  std::vector<TaskInfo> infos;
  for (const Part& part : parts_) infos.push_back(part.reader->info());
  return infos;
}

std::vector<Family> DatabaseWalk::run(RunContext& context) {
  const std::vector<std::string> databases = discover(context);
  forget_all_but(databases);
  std::vector<Round> rounds = due_rounds(context.clock.steady_now());
  for (const std::string& database : longest_unvisited_first(databases)) {
    if (context.stop.stop_requested()) throw Error(Error::Kind::cancelled, "stopped");
    visit(database, rounds, context);
  }
  for (Round& round : rounds) report(round, databases, *context.parts);
  return own_families();
}

void DatabaseWalk::forget_all_but(const std::vector<std::string>& databases) {
  const auto gone = [&](const auto& entry) {
    return !std::binary_search(databases.begin(), databases.end(), entry.first);
  };
  std::erase_if(databases_, gone);
  for (Part& part : parts_) std::erase_if(part.problems, gone);
}

// In the order of their names. datconnlimit -2: what DROP DATABASE left when it was interrupted.
std::vector<std::string> DatabaseWalk::discover(RunContext& context) {
  ConnectionPool::Lease session = context.connections.lease(context.deadline, context.stop);
  connected_ = session.facts().database;
  const ServerTime server_time(session.connection(), context.busy);
  const PgRows rows = session.connection().query_again(
      "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2"
      " AND has_database_privilege(oid, 'CONNECT')",
      seconds(5), context.stop);
  std::vector<std::string> databases;
  for (int row = 0; row < rows.rows(); ++row) {
    if (filter_.accepts(rows.text(row, 0))) databases.push_back(rows.text(row, 0));
  }
  std::sort(databases.begin(), databases.end());
  return databases;
}

std::vector<std::string> DatabaseWalk::longest_unvisited_first(std::vector<std::string> databases) {
  std::stable_sort(databases.begin(), databases.end(), [this](const std::string& a, const std::string& b) {
    return databases_[a].visited < databases_[b].visited;
  });
  return databases;
}

std::vector<DatabaseWalk::Round> DatabaseWalk::due_rounds(SteadyTime now) {
  const milliseconds slack = interval_of(info_) / 2;
  std::vector<Round> rounds;
  for (Part& part : parts_) {
    if (now + slack < part.due) continue;
    part.due = now;
    rounds.push_back({&part, {}, {}, {}, {}, {}});
  }
  return rounds;
}

void DatabaseWalk::visit(const std::string& database, std::vector<Round>& rounds, RunContext& context) {
  Database& state = databases_[database];
  const SteadyTime begun = context.clock.steady_now();
  if (begun >= context.deadline || !state.breaker.allows(begun)) return;
  state.breaker.attempt(begun, 0);
  state.visited = begun;
  try {
    const std::string place = database == connected_ ? "" : database;
    ConnectionPool::Lease session = context.connections.lease(place, context.deadline, context.stop);
    read_all(session, database, rounds, context);
    state.breaker.succeeded();
    note(database, {});
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::cancelled) throw;
    for (Round& round : rounds) {
      if (round.failed.empty()) round.failed = database + ": " + error.what();
    }
    note(database, error.what());
  }
  state.took = context.clock.steady_now() - begun;
}

void DatabaseWalk::read_all(ConnectionPool::Lease& session, const std::string& database, std::vector<Round>& rounds,
                            const RunContext& context) {
  for (Round& round : rounds) {
    const ServerTime server_time(session.connection(), round.result.busy);
    read(session, database, round, context.stop);
  }
}

void DatabaseWalk::read(ConnectionPool::Lease& session, const std::string& database, Round& round,
                        const std::stop_token& stop) {
  try {
    Reading reading = read_cleanly(*round.part->reader, session, stop);
    if (!reading.skipped.empty()) {
      round.part->problems.erase(database);
      round.skipped_in.insert(database);
      if (round.skipped.empty()) round.skipped = database + ": " + reading.skipped;
      return;
    }
    round.result.dropped_series += reading.dropped_series;
    round.read[database] = std::move(reading.families);
    note_failure(*round.part, database, {});
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::cancelled) throw;
    note_failure(*round.part, database, error.what());
    if (!session.connection().usable()) throw;
    if (round.failed.empty()) round.failed = database + ": " + error.what();
  }
}

void DatabaseWalk::note_failure(Part& part, const std::string& database, const std::string& problem) {
  const std::string before = std::exchange(part.problems[database], problem);
  if (before == problem) return;
  const std::string& name = part.reader->info().name;
  if (problem.empty()) {
    log::info("{} works again in database {}", name, database);
  } else {
    log::warn("{} failed in database {}: {}", name, database, problem);
  }
}

void DatabaseWalk::note(const std::string& database, const std::string& problem) {
  Database& state = databases_[database];
  state.good = problem.empty();
  if (std::exchange(state.problem, problem) == problem) return;
  if (problem.empty()) {
    log::info("database {} can be read again", database);
  } else {
    log::warn("database {} cannot be read: {}", database, problem);
  }
}

// In the order of the databases: what was read now, and what is known of those that could not be read.
std::vector<std::vector<Family>> DatabaseWalk::take_readings(Round& round, const std::vector<std::string>& databases) {
  Part& part = *round.part;
  std::vector<std::vector<Family>> all;
  std::map<std::string, Subjects> known;
  for (const std::string& database : databases) {
    const auto now = round.read.find(database);
    const auto before = part.known.find(database);
    if (now != round.read.end()) {
      if (part.shape.size() != now->second.size()) part.shape = shape_of(now->second);
      known[database] = subjects_of(now->second);
      all.push_back(std::move(now->second));
    } else if (before != part.known.end() && !round.skipped_in.contains(database)) {
      all.push_back(without_values(part.shape, before->second));
      known.insert(part.known.extract(before));
    }
  }
  part.known = std::move(known);
  return all;
}

// What is read once an hour is not left without values for an hour because a database could not be read just then.
void DatabaseWalk::plan_next(Part& part, bool complete) {
  const milliseconds interval = interval_of(part.reader->info()) * part.pace.factor();
  part.incomplete = complete ? 0 : std::min(part.incomplete + 1, 10);
  const milliseconds retry = std::chrono::seconds(30) * (1 << part.incomplete);
  part.due += complete ? interval : std::min(interval, retry);
}

void DatabaseWalk::report(Round& round, const std::vector<std::string>& databases, PartSink& sink) {
  Part& part = *round.part;
  RunResult& result = round.result;
  const bool complete = std::all_of(databases.begin(), databases.end(), [&round](const std::string& database) {
    return round.read.contains(database) || round.skipped_in.contains(database);
  });
  if (round.read.empty()) {
    result.failed = round.failed;
    result.skipped = round.failed.empty() ? round.skipped : "";
    if (result.failed.empty() && result.skipped.empty()) result.skipped = "there is no database to read";
  }
  try {
    result.families = merge_families(take_readings(round, databases));
  } catch (const Error& error) {
    result.failed = error.what();  // of this reader; the others have theirs
  }
  const auto& info = part.reader->info();
  result.dropped_series += limit_series(result.families, part.reader->max_series());
  part.pace.ran(result.busy, interval_of(info));
  plan_next(part, complete);
  result.slowdown = part.pace.factor();
  sink.part_ended(info, std::move(result));
}

// The last visit reached it, and not everything that was tried there failed. What a reader skipped says nothing.
bool DatabaseWalk::readable(const std::string& database) const {
  bool failed = false;
  for (const Part& part : parts_) {
    const auto last = part.problems.find(database);
    if (last == part.problems.end()) continue;
    if (last->second.empty()) return true;
    failed = true;
  }
  return !failed;
}

Family DatabaseWalk::failures() const {
  Family family{"pgvigil_database_read_failed",
                "1 for a task whose last reading in the database failed; the other databases have their values.",
                MetricType::gauge,
                {"task", "datname"},
                {}};
  for (const Part& part : parts_) {
    for (const auto& [database, problem] : part.problems) {
      if (!problem.empty()) family.samples.push_back({{part.reader->info().name, database}, 1});
    }
  }
  return family;
}

std::vector<Family> DatabaseWalk::own_families() const {
  Family good{"pgvigil_database_visit_success",
              "1 when the database was reached at the last visit and could be read, otherwise 0.",
              MetricType::gauge,
              {"datname"},
              {}};
  Family seconds_taken{"pgvigil_database_visit_seconds",
                       "How long the last visit to the database took.",
                       MetricType::gauge,
                       {"datname"},
                       {}};
  for (const auto& [name, database] : databases_) {
    good.samples.push_back({{name}, database.good && readable(name) ? 1.0 : 0.0});
    seconds_taken.samples.push_back({{name}, database.took.count()});
  }
  return {std::move(good), std::move(seconds_taken), failures()};
}

}  // namespace pgvigil
