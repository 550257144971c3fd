#include "alerts/label_regex.h"

#include <algorithm>
#include <cstdint>
#include <regex>

#include "core/text.h"

namespace pgvigil {

// Most patterns that people write are a list of texts, or a text and .* behind it; those need no automaton.
struct LabelRegex::Compiled {
  std::wregex regex;
  std::vector<std::string> texts;     // the whole pattern, when it is a list of them
  std::optional<std::string> prefix;  // the whole pattern but a .* or .+ in the end
  std::size_t behind_prefix = 0;      // how much must follow
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
    if (next() == L'?') result_ += pattern_[++at_];  // lazy: decides what the groups hold
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

std::string utf8(std::wstring_view points) {
  std::string result;
  for (const wchar_t wide : points) {
    const std::uint32_t point = std::char_traits<wchar_t>::to_int_type(wide);
    const auto add = [&](std::uint32_t byte) { result += static_cast<char>(byte); };
    const auto rest = [&](unsigned shift) { add(0x80U | ((point >> shift) & 0x3FU)); };
    if (point < 0x80) {
      add(point);
    } else if (point < 0x800) {
      add(0xC0U | (point >> 6U));
      rest(0);
    } else if (point < 0x10000) {
      add(0xE0U | (point >> 12U));
      rest(6);
      rest(0);
    } else {
      add(0xF0U | (point >> 18U));
      rest(12);
      rest(6);
      rest(0);
    }
  }
  return result;
}

bool is_plain(std::string_view text) {
  return text.find_first_of("\\.*+?()[]{}|^$") == std::string_view::npos;
}

void find_shortcut(std::string_view pattern, std::vector<std::string>& texts, std::optional<std::string>& prefix,
                   std::size_t& behind_prefix) {
  std::vector<std::string> parts = split(pattern, '|');
  if (std::all_of(parts.begin(), parts.end(), is_plain)) {
    texts = std::move(parts);
    return;
  }
  const std::string_view end = pattern.size() < 2 ? std::string_view() : pattern.substr(pattern.size() - 2);
  if (end != ".*" && end != ".+") return;
  const std::string_view before = pattern.substr(0, pattern.size() - 2);
  if (!is_plain(before)) return;
  prefix = std::string(before);
  behind_prefix = end == ".+" ? 1 : 0;
}

}  // namespace

std::optional<LabelRegex> LabelRegex::compile(std::string_view pattern, std::string& why) {
  why.clear();
  const std::wstring points = code_points(pattern);
  const std::optional<std::wstring> translated = Translation(points, why).run();
  if (!translated) return std::nullopt;
  try {
    // libstdc++'s default matcher recurses once a character and can take exponential time; __polynomial does neither.
    const auto flags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
    Compiled compiled{std::wregex(*translated, flags), {}, {}, 0};
    find_shortcut(pattern, compiled.texts, compiled.prefix, compiled.behind_prefix);
    return LabelRegex(std::make_shared<const Compiled>(std::move(compiled)));
  } catch (const std::regex_error& error) {
    why = error.what();
    return std::nullopt;
  }
}

bool LabelRegex::matches(std::string_view text) const {
  const std::vector<std::string>& texts = compiled_->texts;
  if (!texts.empty()) return std::find(texts.begin(), texts.end(), text) != texts.end();
  if (const auto& prefix = compiled_->prefix) {
    return text.substr(0, prefix->size()) == *prefix && text.size() >= prefix->size() + compiled_->behind_prefix;
  }
  return std::regex_match(code_points(text), compiled_->regex);
}

std::optional<std::vector<std::string>> LabelRegex::groups(std::string_view text) const {
  const std::wstring points = code_points(text);
  std::wsmatch match;
  if (!std::regex_match(points, match, compiled_->regex)) return std::nullopt;
  std::vector<std::string> result;
  for (const auto& group : match) result.push_back(utf8(group.str()));
  return result;
}

}  // namespace pgvigil
