#include "core/error.h"

namespace pgvigil {

Error Error::in(std::string_view context) const {
  return Error(kind_, std::string(context) + ": " + what()).with_sqlstate(sqlstate_);
}

std::string_view to_string(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::unavailable: return "unavailable";
    case Error::Kind::rejected: return "rejected";
    case Error::Kind::invalid: return "invalid";
    case Error::Kind::cancelled: return "cancelled";
  }
  return "unknown";
}

}  // namespace pgvigil
