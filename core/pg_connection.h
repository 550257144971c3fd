#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"
#include "core/secret.h"

struct pg_conn;
struct pg_result;

namespace pgvigil {

enum class Access { read_only, read_write };

// How to reach a server. `conninfo` is a libpq connection string; what it leaves out libpq takes from PG* variables,
// the service file and the password file, as psql does.
struct PgOptions {
  std::string conninfo;
  Secret password;  // empty: as libpq finds it
  std::string application_name = "pgvigil";
  milliseconds connect_timeout{3000};
  milliseconds lock_timeout{200};
  milliseconds statement_timeout{5000};  // of the session; a query's own deadline is given with it
  Access access = Access::read_only;
  // For statements of our own: an object of the same name in another schema can then not take over a name in them.
  bool catalog_names_only = true;
};

// The rows of an answer. Values are text, as the server printed them.
class PgRows {
 public:
  int rows() const;
  int columns() const;
  std::string column_name(int column) const;
  unsigned column_type(int column) const;                          // the type's OID in pg_type
  std::optional<std::string_view> get(int row, int column) const;  // nullopt: NULL
  std::string text(int row, int column) const;                     // "" for NULL

  // The memory that the rows take.
  std::size_t bytes() const;
  // Adds the rows of another answer with the same columns.
  void append(const PgRows& more);

 private:
  friend class PgConnection;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  explicit PgRows(pg_result* result) : result_(result) {}
  std::unique_ptr<pg_result, Clear> result_;
};

// One session. Time limits nest, each wider than the one before: lock_timeout < statement_timeout (both kept by the
// server) < the client's deadline, at which the statement is cancelled and the session closed: a late answer, or a
// cancel that arrives late, would hit the next query. One thread at a time.
class PgConnection {
 public:
  // Throws Error: unavailable (no server, starting up, too many connections), rejected (authentication, no such
  // database), cancelled.
  static PgConnection open(const PgOptions& options, const std::stop_token& stop = {});

  // One statement. Parameters are $1, $2 … as text. A timeout sets the server's statement_timeout for this query
  // and the client's deadline 500 ms after it. Throws Error with the server's SQLSTATE: unavailable (lost, timed out,
  // lock not available), rejected (the statement is wrong or not permitted), cancelled.
  PgRows query(std::string_view sql, const std::vector<std::optional<std::string>>& parameters, milliseconds timeout,
               const std::stop_token& stop = {});
  PgRows query(std::string_view sql, milliseconds timeout = milliseconds(5000), const std::stop_token& stop = {}) {
    return query(sql, {}, timeout, stop);
  }

  // The columns that `sql` would return, without running it: PREPARE and describe.
  PgRows describe(std::string_view sql, milliseconds timeout = milliseconds(5000));

  // The same for a statement without parameters that comes again and again: it is planned once for the session. Behind
  // a pooler that loses prepared statements it works like query().
  PgRows query_again(const std::string& sql, milliseconds timeout, const std::stop_token& stop = {});

  // How long the server worked for this session, from the sending of a statement to its last row.
  std::chrono::duration<double> busy() const { return busy_; }

  // Ends the session and waits until its backend is gone, so that the server counts it no longer, but not for longer
  // than `patience`: a server that hangs ends nothing. A destroyed connection ends as well, and does not wait.
  void close(milliseconds patience = milliseconds(1000)) noexcept;

  int server_version() const;                            // 150018
  bool usable() const;                                   // false after a failure that ended the session
  bool in_transaction() const;                           // between statements: one was begun and not ended
  std::string parameter(const std::string& name) const;  // a reported setting, "" when the server does not report it

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  using Handle = std::unique_ptr<pg_conn, Finish>;
  explicit PgConnection(Handle handle) : handle_(std::move(handle)) {}

  void prepare(const std::string& sql, SteadyTime deadline, const std::stop_token& stop);
  PgRows receive(SteadyTime deadline, const std::stop_token& stop);
  void set_statement_timeout(milliseconds timeout, const std::stop_token& stop);
  [[noreturn]] void give_up(Error::Kind kind, const std::string& why);
  void finish() noexcept;

  Handle handle_;
  Fd ending_;  // of a session that ended: the server closes its end when the backend is gone
  milliseconds statement_timeout_{0};
  std::chrono::duration<double> busy_{0};
  std::map<std::string, std::string, std::less<>> prepared_;  // the names of statements
  std::uint64_t prepared_count_ = 0;
};

// The same connection string with another database.
std::string with_database(const std::string& conninfo, std::string_view database);

// What pg_dump and pg_restore need in their environment to reach the same server: PGHOST, PGPORT, PGUSER, PGPASSWORD, …
std::vector<std::pair<std::string, std::string>> libpq_environment(const PgOptions& options);

}  // namespace pgvigil
