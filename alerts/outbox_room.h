#pragma once

#include "alerts/outbox.h"

namespace pgvigil {

// What had to give way when the queue was full, in the order in which it does.
const std::vector<std::string>& eviction_order();

// Removes what may be removed until the queue is within its limits again. Some more than needed, so that a full queue
// does not have to be searched for each message.
void make_room(LocalStore::Transaction& transaction, const Outbox::Limits& limits);

}  // namespace pgvigil
