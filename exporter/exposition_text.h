#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/sample.h"

// The words that both exposition formats are written with.
namespace pgvigil {

// Appends the content of a label value's quotes, or of a HELP line: escaped, and with U+FFFD for what is not UTF-8,
// which one parser refuses and another one stores as it is.
enum class EscapeQuotes { no, yes };
void append_escaped(std::string& out, std::string_view text, EscapeQuotes quotes);

// The longest text that write_value makes.
constexpr std::size_t longest_value = 32;

// Writes the shortest text that reads back as the same double, whole numbers without a point or exponent; returns its
// end. `to` has room for longest_value characters. Not for NaN.
char* write_value(char* to, double value);

// Text that is written in small parts and handed on in large ones, so that a page of 65 MB is never in memory as a
// whole. finish() hands on the rest.
class PieceWriter {
 public:
  using Sink = std::function<void(std::string_view)>;  // what it is given is valid during the call only
  explicit PieceWriter(Sink sink) : sink_(std::move(sink)) {}

  // Room for `bytes` in one piece; commit() says where the writing ended.
  char* room(std::size_t bytes);
  void commit(const char* end) { used_ = static_cast<std::size_t>(end - buffer_.data()); }
  void append(std::string_view text);
  void finish();

 private:
  Sink sink_;
  std::string buffer_;
  std::size_t used_ = 0;
};

// The label rows of families, written once for all families that share them: "{datname=\"a\",relname=\"b\"}".
// Not thread-safe while it is made; afterwards immutable.
class LabelBlocks {
 public:
  LabelBlocks(std::vector<std::string> names, std::shared_ptr<const LabelRows> rows);

  bool serves(const std::vector<std::string>& names, const LabelRows* rows) const {
    return rows_.get() == rows && names_ == names;
  }
  std::string_view operator[](std::size_t row) const {
    return std::string_view(text_).substr(begins_[row], begins_[row + 1] - begins_[row]);
  }

  // The last row before `row` that has the same labels, or `none`.
  static constexpr std::uint32_t none = UINT32_MAX;
  std::uint32_t equal_before(std::size_t row) const { return equal_before_.empty() ? none : equal_before_[row]; }

 private:
  void find_equal_rows();

  std::vector<std::string> names_;
  std::shared_ptr<const LabelRows> rows_;
  std::string text_;
  std::vector<std::size_t> begins_;
  std::vector<std::uint32_t> equal_before_;  // empty when all rows differ
};

}  // namespace pgvigil
