#include "collectors/connections.h"

#include <algorithm>
#include <iterator>

namespace pgvigil {

namespace {

constexpr auto session_lifetime = std::chrono::minutes(30);
constexpr auto facts_lifetime = std::chrono::seconds(30);

}  // namespace

ConnectionPool::ConnectionPool(PgOptions options, int budget, const Clock& clock)
    : options_(std::move(options)), budget_(std::max(1, budget)), clock_(clock) {}

ConnectionPool::~ConnectionPool() {
  for (const auto& session : idle_) session->connection.close();
}

ConnectionPool::Lease::~Lease() {
  if (session_) pool_->give_back(std::move(session_));
}

bool ConnectionPool::Lease::holds(const std::string& question, const std::string& subject,
                                  const std::stop_token& stop) {
  const std::string key = question + subject;
  const auto known = session_->privileges.find(key);
  if (known != session_->privileges.end()) return known->second;
  const PgRows rows = connection().query(question, {subject}, pool_->options_.statement_timeout, stop);
  return session_->privileges[key] = rows.rows() > 0 && rows.get(0, 0) == "t";
}

bool ConnectionPool::Lease::readable(const std::string& relation, const std::stop_token& stop) {
  return holds(
      "SELECT coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), false) "
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = $1",
      relation, stop);
}

bool ConnectionPool::Lease::executable(const std::string& function, const std::stop_token& stop) {
  try {
    return holds("SELECT coalesce(has_function_privilege(to_regprocedure($1), 'EXECUTE'), false)", function, stop);
  } catch (const Error& error) {
    // to_regprocedure returns no NULL for a name in a schema that the role may not look into.
    if (error.sqlstate() != "42501") throw;
    return false;
  }
}

bool ConnectionPool::Lease::member_of(const std::string& role, const std::stop_token& stop) {
  return holds("SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = $1", role, stop);
}

ConnectionPool::Lease ConnectionPool::lease(const std::string& database, SteadyTime deadline,
                                            const std::stop_token& stop) {
  std::unique_ptr<Session> session;
  Sessions surplus;
  {
    std::unique_lock lock(mutex_);
    if (!place_free_.wait_until(lock, stop, deadline, [this] { return taken_ < budget_; })) {
      throw Error(stop.stop_requested() ? Error::Kind::cancelled : Error::Kind::unavailable,
                  "no connection of the budget became free in time");
    }
    ++taken_;
    session = take_idle(database);
    surplus = take_surplus();
  }
  // Not with the mutex held: it may last. The place is ours already.
  for (const auto& other : surplus) other->connection.close();
  try {
    const SteadyTime now = clock_.steady_now();
    if (session && now - session->opened_at > session_lifetime) {
      session->connection.close();
      session.reset();
    }
    if (!session) session = open(database, now, stop);
    if (session->facts.version == 0 || now - session->facts_at > facts_lifetime) refresh_facts(*session, now, stop);
  } catch (...) {
    give_back(std::move(session));
    throw;
  }
  return Lease(*this, std::move(session));
}

// With the mutex held.
std::unique_ptr<ConnectionPool::Session> ConnectionPool::take_idle(const std::string& database) {
  const auto same = [&](const auto& session) { return session->database == database; };
  const auto found = std::find_if(idle_.begin(), idle_.end(), same);
  if (found == idle_.end()) return nullptr;
  std::unique_ptr<Session> session = std::move(*found);
  idle_.erase(found);
  return session;
}

// With the mutex held: what has to go for a place that was just taken; other databases' sessions first.
ConnectionPool::Sessions ConnectionPool::take_surplus() {
  const auto kept = static_cast<std::size_t>(budget_ - taken_);
  Sessions surplus;
  if (idle_.size() <= kept) return surplus;
  std::stable_partition(idle_.begin(), idle_.end(), [](const auto& session) { return session->database.empty(); });
  std::move(idle_.begin() + static_cast<std::ptrdiff_t>(kept), idle_.end(), std::back_inserter(surplus));
  idle_.resize(kept);
  return surplus;
}

void ConnectionPool::leave_other_databases() {
  Sessions others;
  {
    const std::lock_guard lock(mutex_);
    const auto first = std::stable_partition(idle_.begin(), idle_.end(),
                                             [](const auto& session) { return session->database.empty(); });
    std::move(first, idle_.end(), std::back_inserter(others));
    idle_.erase(first, idle_.end());
    taken_ += static_cast<int>(others.size());
  }
  for (std::unique_ptr<Session>& session : others) {
    session->connection.close();
    give_back(std::move(session));
  }
}

std::unique_ptr<ConnectionPool::Session> ConnectionPool::open(const std::string& database, SteadyTime now,
                                                              const std::stop_token& stop) {
  if (database.empty()) {
    const std::lock_guard lock(mutex_);
    if (!breaker_.allows(now)) {
      throw Error(Error::Kind::unavailable, "the server could not be reached just now: " + last_failure_);
    }
    // One at a time only when the last one failed.
    if (!last_failure_.empty()) breaker_.attempt(now, std::uniform_real_distribution<>(0, 1)(jitter_));
  }
  PgOptions options = options_;
  if (!database.empty()) options.conninfo = with_database(options_.conninfo, database);
  try {
    auto session = std::make_unique<Session>(Session{PgConnection::open(options, stop), database, {}, now, {}, {}, {}});
    const std::lock_guard lock(mutex_);
    if (database.empty()) {
      breaker_.succeeded();
      last_failure_.clear();
    }
    return session;
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    if (database.empty()) {
      if (last_failure_.empty()) breaker_.attempt(now, std::uniform_real_distribution<>(0, 1)(jitter_));
      last_failure_ = error.what();
    }
    throw;
  }
}

// Null: the place was taken and no session came of it.
void ConnectionPool::give_back(std::unique_ptr<Session> session) {
  const bool good = session && session->connection.usable() && !session->connection.in_transaction();
  if (session && !good) session->connection.close();
  {
    const std::lock_guard lock(mutex_);
    --taken_;
    if (good) idle_.push_back(std::move(session));
  }
  place_free_.notify_all();  // those who wait may wait for different places
}

void ConnectionPool::refresh_facts(Session& session, SteadyTime now, const std::stop_token& stop) const {
  PgConnection& connection = session.connection;
  const milliseconds timeout = options_.statement_timeout;
  const PgRows server = connection.query("SELECT pg_is_in_recovery(), current_database()", timeout, stop);
  const PgRows extensions = connection.query(
      "SELECT e.extname, e.extversion, quote_ident(n.nspname) "
      "FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace",
      timeout, stop);
  session.facts.version = connection.server_version();
  session.facts.in_recovery = server.get(0, 0) == "t";
  session.facts.database = server.text(0, 1);
  session.facts.extensions.clear();
  for (int row = 0; row < extensions.rows(); ++row) {
    session.facts.extensions[extensions.text(row, 0)] = {extensions.text(row, 1), extensions.text(row, 2)};
  }
  session.facts_at = now;
  session.privileges.clear();
}

int ConnectionPool::sessions() const {
  const std::lock_guard lock(mutex_);
  return taken_ + static_cast<int>(idle_.size());
}

}  // namespace pgvigil
