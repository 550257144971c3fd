#include "collectors/reader.h"

#include "core/error.h"

namespace pgvigil {

Reading read_cleanly(Reader& reader, ConnectionPool::Lease& session, const std::stop_token& stop) {
  Reading reading = reader.read(session, stop);
  if (!session.connection().in_transaction()) return reading;
  session.connection().close();
  throw Error(Error::Kind::invalid, "it left a transaction open; its session was closed");
}

}  // namespace pgvigil
