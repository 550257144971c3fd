#include "collectors/connections.h"

namespace pgvigil {

namespace {

constexpr auto session_lifetime = std::chrono::minutes(30);
constexpr auto facts_lifetime = std::chrono::seconds(30);

}  // namespace

ConnectionPool::ConnectionPool(PgOptions options, int budget, const Clock& clock)
    : options_(std::move(options)), budget_(budget), clock_(clock) {}

ConnectionPool::Lease::~Lease() {
  if (holds_place_) pool_->give_back(std::move(session_));
}

ConnectionPool::Lease ConnectionPool::lease(SteadyTime deadline, const std::stop_token& stop) {
  std::unique_ptr<Session> session;
  {
    std::unique_lock lock(mutex_);
    if (!place_free_.wait_until(lock, stop, deadline, [this] { return in_use_ < budget_; })) {
      throw Error(stop.stop_requested() ? Error::Kind::cancelled : Error::Kind::unavailable,
                  "no connection of the budget became free in time");
    }
    ++in_use_;
    if (!idle_.empty()) {
      session = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  try {
    const SteadyTime now = clock_.steady_now();
    if (session && now - session->opened_at > session_lifetime) session.reset();
    if (!session) session = std::make_unique<Session>(Session{PgConnection::open(options_, stop), {}, now, {}});
    if (session->facts.version == 0 || now - session->facts_at > facts_lifetime) refresh_facts(*session, now, stop);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
  return Lease(*this, std::move(session));
}

void ConnectionPool::give_back(std::unique_ptr<Session> session) {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    if (session && session->connection.usable()) idle_.push_back(std::move(session));
  }
  place_free_.notify_one();
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
}

int ConnectionPool::sessions() const {
  const std::lock_guard lock(mutex_);
  return in_use_ + static_cast<int>(idle_.size());
}

}  // namespace pgvigil
