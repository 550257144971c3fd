#include "core/local_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "core/error.h"

namespace pgvigil {

namespace {

[[noreturn]] void fail(sqlite3* database, std::string_view what) {
  const int code = sqlite3_errcode(database) & 0xFF;
  const bool damaged =
      code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR || code == SQLITE_CONSTRAINT;
  throw Error(damaged ? Error::Kind::invalid : Error::Kind::unavailable,
              fmt::format("local store: {}: {}", what, sqlite3_errmsg(database)));
}

// A statement that is not finished would keep its tables from being changed, so it ends here.
std::size_t version_of(LocalStore::Transaction& transaction, std::string_view part) {
  auto query = transaction.prepare("SELECT version FROM schema_version WHERE part = ?");
  query.bind(part);
  return query.step() ? static_cast<std::size_t>(query.integer(0)) : std::size_t{0};
}

}  // namespace

void LocalStore::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void LocalStore::Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

LocalStore::Statement::Statement(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
  if (result != SQLITE_OK) fail(database, sql);
}

LocalStore::Statement& LocalStore::Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), next_parameter_++, value);
  return *this;
}

LocalStore::Statement& LocalStore::Statement::bind(double value) {
  sqlite3_bind_double(statement_.get(), next_parameter_++, value);
  return *this;
}

LocalStore::Statement& LocalStore::Statement::bind(std::string_view value) {
  const char* bytes = value.data() == nullptr ? "" : value.data();  // SQLite takes no address for NULL
  sqlite3_bind_text(statement_.get(), next_parameter_++, bytes, static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

LocalStore::Statement& LocalStore::Statement::bind(std::nullopt_t) {
  sqlite3_bind_null(statement_.get(), next_parameter_++);
  return *this;
}

bool LocalStore::Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  fail(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
}

std::int64_t LocalStore::Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double LocalStore::Statement::number(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string LocalStore::Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

bool LocalStore::Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

LocalStore::Handle LocalStore::open(const std::filesystem::path& file, int flags) {
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &database, flags | SQLITE_OPEN_FULLMUTEX, nullptr);
  Handle handle(database);
  if (result != SQLITE_OK) fail(database, fmt::format("cannot open {}", file.string()));
  sqlite3_busy_timeout(database, 2000);
  return handle;
}

LocalStore::LocalStore(const std::filesystem::path& file, Schema schema)
    : schema_(schema),
      database_(open(file, SQLITE_OPEN_READWRITE | (schema == Schema::newest ? SQLITE_OPEN_CREATE : 0))) {
  try {
    for (const char* setting : {"journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"}) {
      prepare(database_.get(), fmt::format("PRAGMA {}", setting)).step();
    }
    prepare(database_.get(),
            "CREATE TABLE IF NOT EXISTS schema_version (part TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        .step();
    reader_ = open(file, SQLITE_OPEN_READONLY);
  } catch (const Error& error) {
    throw error.in(file.string());
  }
}

LocalStore::Statement LocalStore::prepare(sqlite3* database, std::string_view sql) const {
  Statement statement(database, sql);
  if (sqlite3_stmt_readonly(statement.statement_.get()) == 0) step_taken();
  return statement;
}

void LocalStore::step_taken() const {
  if (observer_) observer_();
}

// A running agent of an older version would not understand newer tables.
void LocalStore::check_version(std::string_view part, std::size_t known) const {
  read([&](Transaction& transaction) {
    auto current = transaction.prepare("SELECT version FROM schema_version WHERE part = ?");
    current.bind(part);
    const auto version = current.step() ? static_cast<std::size_t>(current.integer(0)) : std::size_t{0};
    if (version == known) return;
    throw Error(Error::Kind::unavailable,
                fmt::format("local store: the tables of {} have version {}, this program knows {}: start the agent of "
                            "this version first",
                            part, version, known));
  });
}

void LocalStore::migrate(std::string_view part, const std::vector<std::string>& steps) {
  if (schema_ == Schema::as_it_is) return check_version(part, steps.size());
  transaction([&](Transaction& transaction) {
    const std::size_t version = version_of(transaction, part);
    if (version > steps.size()) {
      throw Error(Error::Kind::invalid,
                  fmt::format("local store: the tables of {} have version {}, this program knows {}", part, version,
                              steps.size()));
    }
    for (std::size_t step = version; step < steps.size(); ++step) transaction.execute(steps[step]);
    transaction
        .prepare("INSERT INTO schema_version VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET version = excluded.version")
        .bind(part)
        .bind(static_cast<std::int64_t>(steps.size()))
        .step();
  });
}

void LocalStore::transaction(const std::function<void(Transaction&)>& work) {
  const std::lock_guard lock(mutex_);
  prepare(database_.get(), "BEGIN IMMEDIATE").step();
  try {
    Transaction transaction(*this, database_.get());
    work(transaction);
    step_taken();
    prepare(database_.get(), "COMMIT").step();
  } catch (...) {
    // A failed COMMIT (disk full) may have ended the transaction already.
    if (sqlite3_get_autocommit(database_.get()) == 0)
      sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void LocalStore::prove_writable() {
  transaction([](Transaction& transaction) {
    transaction.execute("CREATE TABLE IF NOT EXISTS proof (one INTEGER PRIMARY KEY, writes INTEGER NOT NULL)");
    transaction.execute("INSERT INTO proof VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET writes = writes + 1");
  });
}

void LocalStore::read(const std::function<void(Transaction&)>& work) const {
  const std::lock_guard lock(reader_mutex_);
  prepare(reader_.get(), "BEGIN").step();
  try {
    Transaction transaction(*this, reader_.get());
    work(transaction);
    prepare(reader_.get(), "COMMIT").step();
  } catch (...) {
    if (sqlite3_get_autocommit(reader_.get()) == 0) sqlite3_exec(reader_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

}  // namespace pgvigil
