#include "exporter/exposition_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>

namespace pgvigil {

namespace {

constexpr std::size_t piece_size = 256UL * 1024;

// How many bytes of `text` are one well-formed code point, and whether they are; of an ill-formed one, the part that
// Unicode (3.9, "maximal subpart") wants replaced as one.
struct CodePoint {
  std::size_t length = 1;
  bool good = false;
};
CodePoint next_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, true};
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 1;
  if (length == 1) return {1, false};
  // The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF.
  const unsigned low = first == 0xE0 ? 0xA0U : first == 0xF0 ? 0x90U : 0x80U;
  const unsigned high = first == 0xED ? 0x9FU : first == 0xF4 ? 0x8FU : 0xBFU;
  if (byte(1) < low || byte(1) > high) return {1, false};
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return {i, false};
  }
  return {length, true};
}

// A table, as most of the writing's time would go into comparing characters.
constexpr std::array<bool, 256> careful_bytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x80; byte < table.size(); ++byte) table[byte] = true;
  for (const char c : {'\\', '\n', '"'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool needs_care(char c) {
  return careful_bytes[static_cast<unsigned char>(c)];
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, EscapeQuotes quotes) {
  while (true) {
    const auto special = std::find_if(text.begin(), text.end(), needs_care);
    const auto plain = static_cast<std::size_t>(special - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    CodePoint point{1, true};
    if (text.front() == '\n') {
      out += "\\n";
    } else if (text.front() == '\\') {
      out += "\\\\";
    } else if (text.front() == '"') {
      out += quotes == EscapeQuotes::yes ? "\\\"" : "\"";
    } else {
      point = next_code_point(text);
      out += point.good ? text.substr(0, point.length) : std::string_view("\xEF\xBF\xBD");
    }
    text.remove_prefix(point.length);
  }
}

char* write_value(char* to, double value) {
  constexpr double exact_integers = 9007199254740992.0;  // 2^53
  char* const end = to + longest_value;
  if (std::fabs(value) < exact_integers && value == std::trunc(value))
    return std::to_chars(to, end, static_cast<long long>(value)).ptr;
  if (std::isinf(value)) {
    const std::string_view text = value > 0 ? "+Inf" : "-Inf";
    return std::copy(text.begin(), text.end(), to);
  }
  return std::to_chars(to, end, value).ptr;
}

char* PieceWriter::room(std::size_t bytes) {
  if (used_ + bytes > piece_size && used_ > 0) finish();
  if (used_ + bytes > buffer_.size()) buffer_.resize(std::max({2 * buffer_.size(), used_ + bytes, std::size_t{4096}}));
  return buffer_.data() + used_;
}

void PieceWriter::append(std::string_view text) {
  commit(std::copy(text.begin(), text.end(), room(text.size())));
}

void PieceWriter::finish() {
  if (used_ > 0) sink_(std::string_view(buffer_).substr(0, used_));
  used_ = 0;
}

LabelBlocks::LabelBlocks(std::vector<std::string> names, std::shared_ptr<const LabelRows> rows)
    : names_(std::move(names)), rows_(std::move(rows)) {
  std::vector<std::string> before;  // what stands before each value
  for (const std::string& name : names_) before.push_back((before.empty() ? "{" : "\",") + name + "=\"");
  const std::size_t width = std::min(names_.size(), rows_->width());
  begins_.reserve(rows_->size() + 1);
  begins_.push_back(0);
  for (std::size_t row = 0; row < rows_->size(); ++row) {
    const auto values = (*rows_)[row];
    for (std::size_t i = 0; i < width; ++i) {
      text_ += before[i];
      append_escaped(text_, values[i], EscapeQuotes::yes);
    }
    if (width > 0) text_ += "\"}";
    begins_.push_back(text_.size());
    if (row == 0) text_.reserve(text_.size() * rows_->size() * 5 / 4);  // the others are not much longer
  }
  find_equal_rows();
}

// An open hash table of rows, twice as large as there are rows: a set of strings would cost more than the rest of the
// writing.
void LabelBlocks::find_equal_rows() {
  struct Slot {
    std::uint32_t row = none;
    std::uint32_t hash = 0;  // most of the rows that share a slot differ here already
  };
  const std::size_t rows = rows_->size();
  const std::size_t size = std::bit_ceil(2 * rows + 1);
  std::vector<Slot> table(size);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string_view block = (*this)[row];
    const std::size_t hash = std::hash<std::string_view>{}(block);
    const auto upper = static_cast<std::uint32_t>(hash >> 32U);
    std::size_t at = hash & (size - 1);
    while (table[at].row != none && (table[at].hash != upper || (*this)[table[at].row] != block))
      at = (at + 1) & (size - 1);
    if (table[at].row != none) {
      equal_before_.resize(rows, none);
      equal_before_[row] = table[at].row;
    }
    table[at] = {static_cast<std::uint32_t>(row), upper};
  }
}

}  // namespace pgvigil
