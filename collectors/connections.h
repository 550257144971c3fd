#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "collectors/breaker.h"
#include "core/clock.h"
#include "core/pg_connection.h"

namespace pgvigil {

struct Extension {
  std::string version;  // "1.10"
  std::string schema;
};

// What a collector's query variants depend on.
struct ServerFacts {
  int version = 0;           // 150018
  bool in_recovery = false;  // a standby
  std::string database;
  std::map<std::string, Extension, std::less<>> extensions;  // installed in the connected database
};

// The hard budget of sessions on the watched server, shared by everything that reads, also as the server counts them: a
// place is free when the backend is gone. A session is kept and reused, made anew after half an hour (a backend's
// caches grow), and dropped when it failed, when it was left in a transaction, or when its place is needed for another
// database. While the server cannot be reached one attempt is made now and then, and who comes between fails at once.
// Any thread.
class ConnectionPool {
 public:
  struct Session {
    PgConnection connection;
    std::string database;  // "" for the connected one
    ServerFacts facts;
    SteadyTime opened_at;
    SteadyTime facts_at;
    std::map<std::string, bool> privileges;  // known answers; as old as the facts
    std::set<std::string> checked;           // statements whose result is known to be as declared
  };

  // A session on loan. A session that failed in between is dropped when it comes back.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    PgConnection& connection() { return session_->connection; }
    const ServerFacts& facts() const { return session_->facts; }

    // Whether `relation` (schema.name) exists in this database and may be read.
    bool readable(const std::string& relation, const std::stop_token& stop);
    // Whether `function` ("pg_ls_waldir()") exists and may be executed.
    bool executable(const std::string& function, const std::stop_token& stop);

    // Whether the role has the privileges of `role`.
    bool member_of(const std::string& role, const std::stop_token& stop);
    // Statements that were looked at in this session and are good.
    std::set<std::string>& checked() { return session_->checked; }

   private:
    bool holds(const std::string& question, const std::string& subject, const std::stop_token& stop);

    ConnectionPool* pool_;
    std::unique_ptr<Session> session_;
  };

  ConnectionPool(PgOptions options, int budget, const Clock& clock);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // A session in `database` ("": the connected one). Waits for a free place in the budget until `deadline`. Throws
  // Error as PgConnection::open does, and unavailable when no place became free or the server could not be reached just
  // now.
  Lease lease(const std::string& database, SteadyTime deadline, const std::stop_token& stop);
  Lease lease(SteadyTime deadline, const std::stop_token& stop) { return lease({}, deadline, stop); }

  // Ends the kept sessions in other databases than the connected one: while there is one nobody can drop or rename the
  // database, nor copy it.
  void leave_other_databases();

  const PgOptions& options() const { return options_; }
  int budget() const { return budget_; }
  // How many sessions are open now: in use or kept.
  int sessions() const;

 private:
  friend class Lease;
  using Sessions = std::vector<std::unique_ptr<Session>>;

  std::unique_ptr<Session> take_idle(const std::string& database);
  Sessions take_surplus();
  std::unique_ptr<Session> open(const std::string& database, SteadyTime now, const std::stop_token& stop);
  void give_back(std::unique_ptr<Session> session);
  void refresh_facts(Session& session, SteadyTime now, const std::stop_token& stop) const;

  const PgOptions options_;
  const int budget_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any place_free_;
  int taken_ = 0;                                           // places: of sessions in use, and of those that end
  Sessions idle_;                                           // with taken_ never more than the budget
  Breaker breaker_{milliseconds(250), milliseconds(5000)};  // of the connected database
  std::string last_failure_;
  std::minstd_rand jitter_{std::random_device()()};
};

// Adds the time that the server worked for a connection while this object lived to `sum`.
class ServerTime {
 public:
  ServerTime(const PgConnection& connection, std::chrono::duration<double>& sum)
      : connection_(connection), sum_(sum), before_(connection.busy()) {}
  ~ServerTime() { sum_ += connection_.busy() - before_; }
  ServerTime(const ServerTime&) = delete;
  ServerTime& operator=(const ServerTime&) = delete;

 private:
  const PgConnection& connection_;
  std::chrono::duration<double>& sum_;
  std::chrono::duration<double> before_;
};

}  // namespace pgvigil
