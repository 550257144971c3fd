#include "collectors/bloat/bloat_reader.h"

#include "collectors/bloat/bloat.h"

namespace pgvigil {

BloatReader::BloatReader(const BloatOptions& options, LocalStore& store, const Clock& clock, milliseconds interval,
                         std::size_t max_series)
    : options_(options),
      memory_(store),
      clock_(clock),
      info_{"bloat", TaskKind::collector, Interval{interval},
            options.query_timeout + options.confirmations_a_visit * options.confirmation_timeout},
      max_series_(max_series) {}

Reading BloatReader::read(ConnectionPool::Lease& session, const std::stop_token& stop) {
  return {bloat_of(session.connection(), session.facts(), memory_, clock_.wall_now(), options_, stop), {}, 0};
}

}  // namespace pgvigil
