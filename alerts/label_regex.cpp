#include "alerts/label_regex.h"

#include <cstdint>
#include <regex>

namespace pgvigil {

struct LabelRegex::Compiled {
  std::wregex regex;
};

namespace {

constexpr wchar_t replacement = 0xFFFD;

// Length of the UTF-8 sequence that starts with `first`, 0 when no sequence does.
std::size_t sequence_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

// wchar_t holds a whole code point here, so that std::wregex sees characters where Prometheus does.
std::wstring code_points(std::string_view utf8) {
  std::wstring result;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = sequence_length(first);
    if (length == 0 || at + length > utf8.size()) {
      result += replacement;
      ++at;
      continue;
    }
    std::uint32_t point = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t next = 1; next < length; ++next) {
      point = (point << 6U) | (static_cast<unsigned char>(utf8[at + next]) & 0x3FU);
    }
    result += static_cast<wchar_t>(point);
    at += length;
  }
  return result;
}

// Rewrites a pattern of the common syntax for std::wregex; fills `why` when it holds something else.
class Translation {
 public:
  Translation(const std::wstring& pattern, std::string& why) : pattern_(pattern), why_(why) {}

  std::optional<std::wstring> run() {
    for (; at_ < pattern_.size() && why_.empty(); ++at_) take(pattern_[at_]);
    if (why_.empty() && in_class_) why_ = "a [ has no ]";
    if (!why_.empty()) return std::nullopt;
    return result_;
  }

 private:
  void take(wchar_t c) {
    if (c == L'\\') return take_escape();
    if (in_class_) return take_in_class(c);
    if (c == L'(' && next() == L'?' && at_ + 2 < pattern_.size() && pattern_[at_ + 2] != L':') {
      why_ = "of the groups with (? only (?: is allowed";
      return;
    }
    const bool quantifier = c == L'*' || c == L'+' || c == L'?' || c == L'{';
    if (quantifier) return take_quantifier(c);
    after_quantifier_ = false;
    if (c == L'[') begin_class();
    // In ECMAScript a dot stops at a line end; in Prometheus it does not.
    result_ += c == L'.' ? std::wstring(L"[\\s\\S]") : std::wstring(1, c);
  }

  // RE2 takes one, optionally made lazy by a "?"; std::regex would take a** too.
  void take_quantifier(wchar_t c) {
    if (after_quantifier_) {
      why_ = "a repetition is repeated";
      return;
    }
    result_ += c;
    if (c == L'{') take_count();
    if (next() == L'?') ++at_;  // lazy: the same for a match of the whole text
    after_quantifier_ = true;
  }

  // The rest of {3}, {3,} or {3,5}, with at most three digits each, as RE2's limit is 1000.
  void take_count() {
    const std::size_t end = pattern_.find(L'}', at_);
    const std::wstring count = pattern_.substr(at_ + 1, end == std::wstring::npos ? end : end - at_ - 1);
    static const std::wregex allowed(L"[0-9]{1,3}(,[0-9]{0,3})?");
    if (end == std::wstring::npos || !std::regex_match(count, allowed)) {
      why_ = "after { a count such as 3 or 1,3 is expected, of at most three digits; \\{ is the character";
      return;
    }
    result_ += count + L'}';
    at_ = end;
  }

  void take_in_class(wchar_t c) {
    if (c == L'[' && next() == L':') return take_named_class();
    if (c == L']' && at_ > class_first_) in_class_ = false;
    if (c == L'[' || (c == L']' && in_class_)) result_ += L'\\';
    result_ += c;
  }

  void take_named_class() {
    const std::size_t end = pattern_.find(L":]", at_ + 2);
    if (end == std::wstring::npos) {
      why_ = "a [: has no :]";
      return;
    }
    result_ += pattern_.substr(at_, end + 2 - at_);
    at_ = end + 1;
  }

  void begin_class() {
    in_class_ = true;
    class_first_ = at_ + (next() == L'^' ? 2 : 1);
  }

  void take_escape() {
    const wchar_t c = next();
    const std::wstring_view known = in_class_ ? L"dDwWsSntrfv" : L"dDwWsSntrfvbB";
    const bool punctuation =
        c > L' ' && c < 0x7F && (c < L'0' || c > L'9') && (c < L'A' || c > L'Z') && (c < L'a' || c > L'z');
    if (c == 0 || (!punctuation && known.find(c) == std::wstring_view::npos)) {
      why_ = "after a backslash only d D w W s S b B n t r f v and punctuation are allowed";
      return;
    }
    // An escaped "_" or "<" is the character itself, which std::regex does not take with its backslash.
    static constexpr std::wstring_view special = L"^$\\.*+?()[]{}|/-";
    after_quantifier_ = false;
    if (!punctuation || special.find(c) != std::wstring_view::npos) result_ += L'\\';
    result_ += c;
    ++at_;
  }

  wchar_t next() const { return at_ + 1 < pattern_.size() ? pattern_[at_ + 1] : L'\0'; }

  const std::wstring& pattern_;
  std::string& why_;
  std::wstring result_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  bool after_quantifier_ = false;
  std::size_t class_first_ = 0;
};

}  // namespace

std::optional<LabelRegex> LabelRegex::compile(std::string_view pattern, std::string& why) {
  why.clear();
  const std::wstring points = code_points(pattern);
  const std::optional<std::wstring> translated = Translation(points, why).run();
  if (!translated) return std::nullopt;
  try {
    // libstdc++'s default matcher recurses once a character and can take exponential time; __polynomial does neither.
    const auto flags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
    return LabelRegex(std::make_shared<const Compiled>(Compiled{std::wregex(*translated, flags)}));
  } catch (const std::regex_error& error) {
    why = error.what();
    return std::nullopt;
  }
}

bool LabelRegex::matches(std::string_view text) const {
  return std::regex_match(code_points(text), compiled_->regex);
}

}  // namespace pgvigil
