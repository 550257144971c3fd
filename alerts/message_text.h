#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alerts/notifier.h"

// A letter in words, the same for all channels that people read. Not escaped and not shortened: that is up to the
// channel.
namespace pgvigil {

// "CRITICAL on db1: shop: idle for 5m12s", of a group "2 CRITICAL, 3 WARNING on db1: disk-used, slot-inactive".
std::string headline(const Letter& letter);

// One alert of a group: "CRITICAL disk-used: data volume 93% full", "resolved disk-used: … (back to normal)".
std::string describe(const AlertNews& news);

// Lines of a group, as many as fit into `max_bytes`; the last one says how many are left out.
std::vector<std::string> list_alerts(const Notification& notification, std::size_t max_bytes);

// "it no longer exists", and so on.
std::string_view describe(Reason reason);

// The instances that it is about: "db1", "db1 and db2", "db1 and 4 others".
std::string servers_of(const Notification& notification);

// "trigger of idle-in-transaction (shop)", "resolve of 12 alerts": for the log and the history.
std::string label_of(const Notification& notification);

// Whether the runbook can be a link.
bool is_link(std::string_view runbook);

}  // namespace pgvigil
