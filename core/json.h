#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pgvigil {

// A JSON value. Objects keep the order in which they were written, so that a message reads as it was meant. Light on
// purpose: the parser and printer (nlohmann-json) stay in json.cpp.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;                                        // null
  Json(bool value) : value_(value) {}                      // NOLINT(google-explicit-constructor): a literal is a value
  Json(int value) : value_(std::int64_t{value}) {}         // NOLINT(google-explicit-constructor)
  Json(std::int64_t value) : value_(value) {}              // NOLINT(google-explicit-constructor)
  Json(double value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  Json(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Json(std::string value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Json(Array value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Json(Object value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)

  // Throws Error::invalid with the position of the first wrong byte.
  static Json parse(std::string_view text);

  // Invalid UTF-8 inside strings becomes U+FFFD; NaN and infinities become null. `indent` < 0: one line.
  std::string dump(int indent = -1) const;

  // The member `key` of an object, or null when this is no object or has no such member.
  const Json& operator[](std::string_view key) const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

  // The value when it has that type, otherwise the empty one of the type (false, 0, "", no elements).
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;
  const std::string& text() const;
  const Array& array() const;
  const Object& object() const;

  // Calls `visitor` with the value in its own type (std::monostate for null).
  template <typename Visitor>
  auto visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), value_);
  }

  bool operator==(const Json&) const = default;

 private:
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object>;
  Value value_;
};

}  // namespace pgvigil
