#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgvigil {

// A regular expression of a label matcher, with Prometheus's meaning: always anchored at both ends, "." matches every
// character, characters are Unicode code points. It takes the part of RE2's syntax that reads the same everywhere (no
// flags, no \p classes, no \Q…\E) and refuses the rest, as RE2 refuses look-arounds and back-references. Matching takes
// time in proportion to the length of the text and does not recurse. Immutable: any thread.
class LabelRegex {
 public:
  // nullopt when the pattern is refused; `why` then says what is allowed.
  static std::optional<LabelRegex> compile(std::string_view pattern, std::string& why);

  bool matches(std::string_view text) const;

  // What each group matched, the whole text first (a group that took no part is empty); nullopt when `text` does not
  // match.
  std::optional<std::vector<std::string>> groups(std::string_view text) const;

 private:
  struct Compiled;  // hides <regex>
  explicit LabelRegex(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace pgvigil
