#pragma once

#include <string>

#include "alerts/notification.h"
#include "core/json.h"

// An alert as Prometheus and Alertmanager name its parts.
namespace pgvigil {

// alertname, severity, instance, and the alert's own labels; names that Prometheus does not allow are made to fit, and
// empty values, which are the same as none, are left out.
Labels prometheus_labels(const AlertNews& news);

// The labels without which the alert would be another one.
Labels identifying_labels(const AlertNews& news);

// summary, description, value, and runbook_url or runbook.
Labels prometheus_annotations(const AlertNews& news);

// When it ended, or nothing while it fires.
std::optional<WallTime> end_of(const AlertNews& news, const Notification& notification);

}  // namespace pgvigil
