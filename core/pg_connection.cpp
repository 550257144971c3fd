#include "core/pg_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include "core/poll.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr milliseconds client_grace{500};  // from the server's statement_timeout to the client's deadline

struct FreeMemory {
  void operator()(char* memory) const { PQfreemem(memory); }
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using ConninfoOptions = std::unique_ptr<PQconninfoOption, FreeMemory>;

ConninfoOptions parse_conninfo(const std::string& conninfo) {
  char* message = nullptr;
  ConninfoOptions options(PQconninfoParse(conninfo.c_str(), &message));
  const std::unique_ptr<char, FreeMemory> owned(message);
  // libpq's message may quote a part of the string, and a password may be in it.
  if (!options) throw Error(Error::Kind::invalid, "conninfo is not a libpq connection string");
  return options;
}

Error::Kind kind_of(std::string_view sqlstate) {
  if (sqlstate.empty()) return Error::Kind::unavailable;
  for (const std::string_view temporary : {"08", "40", "53", "55", "57", "58"}) {
    if (sqlstate.starts_with(temporary)) return Error::Kind::unavailable;
  }
  return Error::Kind::rejected;
}

// Why a connection was refused: libpq has no SQLSTATE for it, but the server's message is in a known shape.
Error connect_error(PGconn* connection) {
  const std::string message = one_line(PQerrorMessage(connection), 500);
  const bool refused_for_good = message.find("authentication failed") != std::string::npos ||
                                message.find("does not exist") != std::string::npos ||
                                message.find("no pg_hba.conf entry") != std::string::npos ||
                                message.find("no password supplied") != std::string::npos ||
                                message.find("permission denied for database") != std::string::npos;
  return {refused_for_good ? Error::Kind::rejected : Error::Kind::unavailable, message};
}

// Settings that make a session harmless: nothing it runs can wait for long, write, or take many workers.
std::string session_settings(const PgOptions& options) {
  return fmt::format(
      "SET lock_timeout = {}; SET statement_timeout = {}; SET default_transaction_read_only = {};"
      "SET idle_in_transaction_session_timeout = 60000; SET jit = off; SET max_parallel_workers_per_gather = 0;"
      "{}SET client_min_messages = warning; SET datestyle = 'ISO';"
      "SET intervalstyle = 'postgres'; SET extra_float_digits = 1",
      options.lock_timeout.count(), options.statement_timeout.count(),
      options.access == Access::read_only ? "on" : "off",
      options.catalog_names_only ? "SET search_path = pg_catalog; " : "");
}

PGconn* start_connecting(const PgOptions& options) {
  // tcp_user_timeout: a half-open connection is invisible to every timeout that the server keeps.
  const std::string patience = std::to_string(options.connect_timeout.count());
  std::vector<const char*> keywords{"dbname", "application_name", "client_encoding", "tcp_user_timeout",
                                    "keepalives_idle"};
  std::vector<const char*> values{options.conninfo.c_str(), options.application_name.c_str(), "UTF8", patience.c_str(),
                                  "30"};
  if (!options.password.empty()) {
    keywords.push_back("password");
    values.push_back(options.password.reveal().c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(keywords.data(), values.data(), 1);
}

void finish_connecting(PGconn* connection, SteadyTime deadline, const std::stop_token& stop) {
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    std::array<pollfd, 1> fds{
        {{PQsocket(connection), static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0}}};
    switch (wait_for(fds, deadline, stop)) {
      case Ready::yes: break;
      case Ready::timed_out: throw Error(Error::Kind::unavailable, "no answer within the connect timeout");
      case Ready::stopped: throw Error(Error::Kind::cancelled, "stopped while connecting");
    }
    status = PQconnectPoll(connection);
    if (status == PGRES_POLLING_FAILED) throw connect_error(connection);
  }
}

// Adds the time it lived to a sum.
class TimeSpent {
 public:
  explicit TimeSpent(std::chrono::duration<double>& sum) : sum_(sum) {}
  ~TimeSpent() { sum_ += std::chrono::steady_clock::now() - begun_; }
  TimeSpent(const TimeSpent&) = delete;
  TimeSpent& operator=(const TimeSpent&) = delete;

 private:
  std::chrono::duration<double>& sum_;
  const SteadyTime begun_ = std::chrono::steady_clock::now();
};

Error result_error(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string sqlstate = state == nullptr ? "" : state;
  // The primary message only: DETAIL and CONTEXT may hold values of rows.
  const std::string message = one_line(primary == nullptr ? PQresultErrorMessage(result) : primary, 500);
  return Error(kind_of(sqlstate), message).with_sqlstate(sqlstate);
}

// Asks the server to end the running statement, and does not wait for it: PQcancel has no deadline, and while a server
// hangs (a stopped process, a frozen disk) it does not return. Hence a thread of its own, and only a few of them.
void request_cancel(PGconn* connection) {
  constexpr int most = 4;
  static std::atomic<int> waiting = 0;
  const std::shared_ptr<PGcancel> cancel(PQgetCancel(connection), FreeMemory());
  if (!cancel || waiting.fetch_add(1) >= most) {
    if (cancel) --waiting;
    return;
  }
  std::thread([cancel] {
    std::array<char, 256> reason{};
    PQcancel(cancel.get(), reason.data(), static_cast<int>(reason.size()));
    --waiting;
  }).detach();
}

// A server closes its end when the backend's process ends, as the last thing of all.
void await_end(const Fd& socket, SteadyTime deadline) {
  std::array<char, 4096> unread{};
  while (true) {
    std::array<pollfd, 1> fds{{{socket.get(), POLLIN, 0}}};
    if (wait_for(fds, deadline, {}) != Ready::yes) return;
    const ssize_t got = ::recv(socket.get(), unread.data(), unread.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
  }
}

void send(bool sent, PGconn* connection) {
  if (!sent) throw Error(Error::Kind::unavailable, one_line(PQerrorMessage(connection), 500));
}

}  // namespace

void PgRows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}
int PgRows::rows() const {
  return PQntuples(result_.get());
}
int PgRows::columns() const {
  return PQnfields(result_.get());
}
std::string PgRows::column_name(int column) const {
  return PQfname(result_.get(), column);
}
unsigned PgRows::column_type(int column) const {
  return PQftype(result_.get(), column);
}

std::optional<std::string_view> PgRows::get(int row, int column) const {
  if (PQgetisnull(result_.get(), row, column) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result_.get(), row, column),
                          static_cast<std::size_t>(PQgetlength(result_.get(), row, column)));
}

std::string PgRows::text(int row, int column) const {
  return std::string(get(row, column).value_or(""));
}

std::size_t PgRows::bytes() const {
  return PQresultMemorySize(result_.get());
}

void PgRows::append(const PgRows& more) {
  PGresult* result = result_.get();
  for (int row = 0; row < more.rows(); ++row) {
    const int added = PQntuples(result);
    for (int column = 0; column < more.columns(); ++column) {
      const auto value = more.get(row, column);
      // libpq copies the value; it is not const in the signature only.
      char* bytes = value ? const_cast<char*>(value->data()) : nullptr;
      const int length = value ? static_cast<int>(value->size()) : -1;
      if (PQsetvalue(result, added, column, bytes, length) == 0) throw std::bad_alloc();
    }
  }
}

void PgConnection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

PgConnection PgConnection::open(const PgOptions& options, const std::stop_token& stop) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + options.connect_timeout;
  Handle handle(start_connecting(options));
  if (!handle) throw std::bad_alloc();
  if (PQstatus(handle.get()) == CONNECTION_BAD) throw connect_error(handle.get());
  finish_connecting(handle.get(), deadline, stop);
  PQsetnonblocking(handle.get(), 1);
  PQsetNoticeProcessor(
      handle.get(), [](void*, const char*) {}, nullptr);
  PgConnection connection(std::move(handle));
  send(PQsendQuery(connection.handle_.get(), session_settings(options).c_str()) == 1, connection.handle_.get());
  connection.receive(deadline + client_grace, stop);
  connection.statement_timeout_ = options.statement_timeout;
  return connection;
}

void PgConnection::give_up(Error::Kind kind, const std::string& why) {
  finish();
  throw Error(kind, why);
}

// libpq says good-bye and closes its descriptor at once; a second one stays, to see the server's answer to that.
void PgConnection::finish() noexcept {
  ending_ = Fd(::fcntl(PQsocket(handle_.get()), F_DUPFD_CLOEXEC, 0));
  handle_.reset();
}

void PgConnection::close(milliseconds patience) noexcept {
  if (handle_) finish();
  const Fd ending = std::move(ending_);
  if (!ending) return;
  try {
    await_end(ending, std::chrono::steady_clock::now() + patience);
  } catch (const std::exception&) {  // who cannot wait does not wait
  }
}

PgRows PgConnection::receive(SteadyTime deadline, const std::stop_token& stop) {
  const TimeSpent time_spent(busy_);
  PgRows last(nullptr);
  std::optional<Error> error;
  while (true) {
    const int unsent = PQflush(handle_.get());
    if (unsent == 0 && PQisBusy(handle_.get()) == 0) {
      PGresult* result = PQgetResult(handle_.get());
      if (result == nullptr) break;
      last = PgRows(result);
      const ExecStatusType status = PQresultStatus(result);
      if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) give_up(Error::Kind::invalid, "COPY is not a query");
      if (!error && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)) error = result_error(result);
      continue;
    }
    std::array<pollfd, 1> fds{
        {{PQsocket(handle_.get()), static_cast<short>(unsent == 0 ? POLLIN : POLLIN | POLLOUT), 0}}};
    const Ready ready = wait_for(fds, deadline, stop);
    if (ready != Ready::yes) {
      request_cancel(handle_.get());
      if (ready == Ready::stopped) give_up(Error::Kind::cancelled, "cancelled");
      give_up(Error::Kind::unavailable, "cancelled: no answer within the client's deadline");
    }
    if (PQconsumeInput(handle_.get()) == 0) {
      give_up(Error::Kind::unavailable, one_line(PQerrorMessage(handle_.get()), 500));
    }
  }
  if (PQstatus(handle_.get()) == CONNECTION_BAD) handle_.reset();
  if (error) throw std::move(*error);
  return last;
}

void PgConnection::prepare(const std::string& sql, SteadyTime deadline, const std::stop_token& stop) {
  // A name is never used again: the server may or may not have the statement of an attempt that failed.
  std::string name = fmt::format("pgvigil_{}", ++prepared_count_);
  send(PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 1, handle_.get());
  receive(deadline, stop);
  prepared_.emplace(sql, std::move(name));
}

PgRows PgConnection::query_again(const std::string& sql, milliseconds timeout, const std::stop_token& stop) {
  if (!usable()) throw Error(Error::Kind::unavailable, "the connection is closed");
  set_statement_timeout(timeout, stop);
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout + client_grace;
  if (!prepared_.contains(sql)) prepare(sql, deadline, stop);
  const auto known = prepared_.find(sql);
  try {
    const char* name = known->second.c_str();
    send(PQsendQueryPrepared(handle_.get(), name, 0, nullptr, nullptr, nullptr, 0) == 1, handle_.get());
    return receive(deadline, stop);
  } catch (const Error& error) {
    prepared_.erase(known);  // an extension was updated, a pooler gave us another session: planned anew the next time
    constexpr std::string_view no_such_statement = "26000";
    if (error.sqlstate() != no_such_statement || !usable()) throw;
    return query(sql, timeout, stop);
  }
}

void PgConnection::set_statement_timeout(milliseconds timeout, const std::stop_token& stop) {
  if (timeout == statement_timeout_) return;
  send(PQsendQuery(handle_.get(), fmt::format("SET statement_timeout = {}", timeout.count()).c_str()) == 1,
       handle_.get());
  receive(std::chrono::steady_clock::now() + timeout + client_grace, stop);
  statement_timeout_ = timeout;
}

PgRows PgConnection::query(std::string_view sql, const std::vector<std::optional<std::string>>& parameters,
                           milliseconds timeout, const std::stop_token& stop) {
  if (!usable()) throw Error(Error::Kind::unavailable, "the connection is closed");
  set_statement_timeout(timeout, stop);
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  send(PQsendQueryParams(handle_.get(), std::string(sql).c_str(), static_cast<int>(values.size()), nullptr,
                         values.data(), nullptr, nullptr, 0) == 1,
       handle_.get());
  return receive(std::chrono::steady_clock::now() + timeout + client_grace, stop);
}

PgRows PgConnection::describe(std::string_view sql, milliseconds timeout) {
  if (!usable()) throw Error(Error::Kind::unavailable, "the connection is closed");
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  send(PQsendPrepare(handle_.get(), "", std::string(sql).c_str(), 0, nullptr) == 1, handle_.get());
  receive(deadline, {});
  send(PQsendDescribePrepared(handle_.get(), "") == 1, handle_.get());
  return receive(deadline, {});
}

int PgConnection::server_version() const {
  return handle_ ? PQserverVersion(handle_.get()) : 0;
}

bool PgConnection::usable() const {
  return handle_ && PQstatus(handle_.get()) == CONNECTION_OK;
}

bool PgConnection::in_transaction() const {
  return usable() && PQtransactionStatus(handle_.get()) != PQTRANS_IDLE;
}

std::string PgConnection::parameter(const std::string& name) const {
  const char* value = handle_ ? PQparameterStatus(handle_.get(), name.c_str()) : nullptr;
  return value == nullptr ? "" : value;
}

std::string with_database(const std::string& conninfo, std::string_view database) {
  const auto quote = [](std::string_view value) {
    std::string result = "'";
    for (const char c : value) {
      if (c == '\'' || c == '\\') result += '\\';
      result += c;
    }
    return result + "'";
  };
  const ConninfoOptions options = parse_conninfo(conninfo);
  std::string result = fmt::format("dbname={}", quote(database));
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string_view(option->keyword) == "dbname") continue;
    result += fmt::format(" {}={}", option->keyword, quote(option->val));
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> libpq_environment(const PgOptions& options) {
  const ConninfoOptions parsed = parse_conninfo(options.conninfo);
  std::vector<std::pair<std::string, std::string>> environment;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || option->envvar == nullptr) continue;
    environment.emplace_back(option->envvar, option->val);
  }
  if (!options.password.empty()) environment.emplace_back("PGPASSWORD", options.password.reveal());
  environment.emplace_back("PGAPPNAME", options.application_name);
  environment.emplace_back("PGCONNECT_TIMEOUT",
                           std::to_string(std::max<long>(2, options.connect_timeout.count() / 1000)));
  return environment;
}

}  // namespace pgvigil
