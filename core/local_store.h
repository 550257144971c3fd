#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace pgvigil {

// The agent's own durable memory: one SQLite file in state_dir (WAL, synchronous=FULL), which works while the database
// is the patient. Each part owns its tables and brings their schema as a list of steps. All access is inside
// transaction(), one at a time; any thread.
class LocalStore {
 public:
  // A prepared statement with its parameters bound, to be stepped through. Valid inside the transaction that made it.
  class Statement {
   public:
    Statement& bind(std::int64_t value);
    Statement& bind(double value);
    Statement& bind(std::string_view value);
    Statement& bind(std::nullopt_t);
    template <typename T>
    Statement& bind(const std::optional<T>& value) {
      return value ? bind(*value) : bind(std::nullopt);
    }

    // True when there is a row; its columns are read by position.
    bool step();
    std::int64_t integer(int column) const;
    double number(int column) const;
    std::string text(int column) const;
    bool is_null(int column) const;

   private:
    friend class LocalStore;
    struct Finalize {
      void operator()(sqlite3_stmt* statement) const;
    };
    Statement(sqlite3* database, std::string_view sql);
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int next_parameter_ = 1;
  };

  class Transaction {
   public:
    Statement prepare(std::string_view sql) { return store_.prepare(database_, sql); }
    void execute(std::string_view sql) { prepare(sql).step(); }

   private:
    friend class LocalStore;
    Transaction(const LocalStore& store, sqlite3* database) : store_(store), database_(database) {}
    const LocalStore& store_;
    sqlite3* database_;
  };

  enum class Schema {
    newest,    // of the agent, which makes the tables and brings them to their newest form
    as_it_is,  // of another program on the same file: it must exist, and an older form is refused
  };

  // Opens or creates the file. Throws Error::unavailable with the path when it cannot be read or written, and
  // Error::invalid when it is damaged or was written by a newer version.
  explicit LocalStore(const std::filesystem::path& file, Schema schema = Schema::newest);

  // Brings `part`'s tables to their newest schema: steps[0] makes version 1 of it. Steps are never changed once
  // released. Throws Error::unavailable for an older one when the schema stays as it is.
  void migrate(std::string_view part, const std::vector<std::string>& steps);

  // Commits when `work` returns, rolls back when it throws. Throws Error::unavailable when the disk is full or failing.
  void transaction(const std::function<void(Transaction&)>& work);

  // For what only reads and must not wait for a writer's disk: sees what was committed before it began. `work` must not
  // write: that is refused.
  void read(const std::function<void(Transaction&)>& work) const;

  // Writes and commits something of no meaning. Throws Error as transaction() does.
  void prove_writable();

  // Called before each statement that writes and before each commit: for tests that end the process at every step.
  void observe_steps(std::function<void()> observer) { observer_ = std::move(observer); }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  using Handle = std::unique_ptr<sqlite3, Close>;
  static Handle open(const std::filesystem::path& file, int flags);
  Statement prepare(sqlite3* database, std::string_view sql) const;
  void step_taken() const;
  void check_version(std::string_view part, std::size_t known) const;

  Schema schema_;
  std::mutex mutex_;  // held for the whole of a transaction that writes
  Handle database_;
  mutable std::mutex reader_mutex_;  // held for the whole of a read
  Handle reader_;
  std::function<void()> observer_;
};

}  // namespace pgvigil
