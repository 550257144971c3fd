#pragma once

#include <optional>
#include <string>

#include "alerts/notifier.h"
#include "alerts/notifiers.h"
#include "core/pg_connection.h"

namespace pgvigil {

struct PgNotifyOptions {
  std::optional<PgOptions> server;  // absent: the watched one
  std::string channel = "database_alert";
};

// NOTIFY on a channel of a PostgreSQL server, for programs that listen there. A convenience: who does not listen at
// that moment hears nothing, a standby cannot notify, and it is of no use when that database is the patient.
class PgNotifyNotifier final : public Notifier {
 public:
  explicit PgNotifyNotifier(PgNotifyOptions options) : options_(std::move(options)) {}

  Verdict deliver(std::span<const Letter> letters, const Wire& wire) const override;
  ReceiverTraits traits() const override;

 private:
  PgNotifyOptions options_;
};

// conninfo and password or password_file, all optional; notify_channel.
std::vector<NotifierPtr> decode_pg_notify(Section& section, const DecodeContext& context);

// {alert_name, level, metric_value, threshold, timestamp, …} in less than 8000 bytes.
std::string pg_notify_payload(const Letter& letter);

}  // namespace pgvigil
