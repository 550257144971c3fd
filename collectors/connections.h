#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

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

// The hard budget of sessions on the watched server, shared by everything that reads. A session is kept and reused,
// made anew after half an hour (a backend's caches grow), and dropped when it failed.
class ConnectionPool {
 public:
  struct Session {
    PgConnection connection;
    ServerFacts facts;
    SteadyTime opened_at;
    SteadyTime facts_at;
  };

  // A session on loan. A session that failed in between is dropped when it comes back.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
    Lease(Lease&& other) noexcept
        : pool_(other.pool_),
          session_(std::move(other.session_)),
          holds_place_(std::exchange(other.holds_place_, false)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    PgConnection& connection() { return session_->connection; }
    const ServerFacts& facts() const { return session_->facts; }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Session> session_;
    bool holds_place_ = true;
  };

  ConnectionPool(PgOptions options, int budget, const Clock& clock);

  // Waits for a free place in the budget until `deadline`. Throws Error as PgConnection::open does, and unavailable
  // when no place became free.
  Lease lease(SteadyTime deadline, const std::stop_token& stop);

  const PgOptions& options() const { return options_; }
  // How many sessions are open now: in use or kept.
  int sessions() const;

 private:
  friend class Lease;
  void give_back(std::unique_ptr<Session> session);
  void refresh_facts(Session& session, SteadyTime now, const std::stop_token& stop) const;

  PgOptions options_;
  int budget_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards in_use_ and idle_
  std::condition_variable_any place_free_;
  int in_use_ = 0;
  std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace pgvigil
