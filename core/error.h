#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pgvigil {

// The one exception of the project. Its kind says what the caller can do about it, not where it came from.
// Thrown where failure is not an ordinary answer; caught at the borders only (start-up, a task's run, an HTTP
// request, a thread's main).
class Error : public std::runtime_error {
 public:
  enum class Kind {
    unavailable,  // the other side cannot be reached or is overloaded: try again later
    rejected,     // the other side understood and said no: trying again does not help
    invalid,      // our own input is wrong: someone has to change it
    cancelled,    // we were asked to stop
  };

  Error(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  Kind kind() const { return kind_; }

  // PostgreSQL's five-character SQLSTATE when a server reported the error, otherwise empty.
  const std::string& sqlstate() const { return sqlstate_; }
  Error&& with_sqlstate(std::string_view code) && {
    sqlstate_ = code;
    return std::move(*this);
  }

  // The same error with "context: " in front of its message, for the layer that knows what was being done.
  Error in(std::string_view context) const;

 private:
  Kind kind_;
  std::string sqlstate_;
};

std::string_view to_string(Error::Kind kind);

}  // namespace pgvigil
