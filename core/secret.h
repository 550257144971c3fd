#pragma once

#include <string>
#include <utility>

namespace pgvigil {

// A value that must not be printed: it has no stream or format operator, and reveal() is what a reviewer searches for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

}  // namespace pgvigil
