#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "collectors/connections.h"
#include "collectors/task.h"
#include "core/sample.h"

namespace pgvigil {

// What was read from one session.
struct Reading {
  std::vector<Family> families;
  std::string skipped;             // why it does not apply to this server or database; the families are then empty
  std::size_t dropped_series = 0;  // beyond the reader's limit
};

// Something that is read on one session: a query of the catalogue, or code. It does not choose the database and keeps
// no session; a SessionTask reads it once for the server, a DatabaseWalk in every database. One thread at a time.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual const TaskInfo& info() const = 0;  // an interval, and the limit of one reading's time

  // How many series all its readings of one round may have together.
  virtual std::size_t max_series() const = 0;

  // Throws Error as PgConnection::query does.
  virtual Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) = 0;
};

using ReaderPtr = std::unique_ptr<Reader>;

// Reads, and makes sure that the session can be given to the next one: Error::invalid, and the session is closed, when
// a transaction was left open in it.
Reading read_cleanly(Reader& reader, ConnectionPool::Lease& session, const std::stop_token& stop);

}  // namespace pgvigil
