#include "collectors/session_task.h"

#include <utility>

namespace pgvigil {

SessionTask::SessionTask(ReaderPtr reader, std::string database)
    : reader_(std::move(reader)), database_(std::move(database)), info_(reader_->info()) {
  // Waiting for a connection and for the client's own deadlines comes on top of the statement's time.
  info_.timeout += seconds(5);
}

std::vector<Family> SessionTask::run(RunContext& context) {
  ConnectionPool::Lease session = context.connections.lease(database_, context.deadline, context.stop);
  const ServerTime server_time(session.connection(), context.busy);
  Reading reading = read_cleanly(*reader_, session, context.stop);
  context.skipped = std::move(reading.skipped);
  context.dropped_series = reading.dropped_series;
  return std::move(reading.families);
}

}  // namespace pgvigil
