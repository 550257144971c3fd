#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgvigil {

// ">=17", "<17", ">=14 <17", ">=1.11": conditions that must all hold. Empty: any version.
class VersionRange {
 public:
  // nullopt when it is not of that form.
  static std::optional<VersionRange> parse(std::string_view text);

  bool contains(std::string_view version) const;
  bool contains_server(int version) const { return contains(std::to_string(version / 10000)); }  // 150018 is 15

  const std::string& text() const { return text_; }

 private:
  struct Bound {
    std::string comparison;
    std::vector<int> version;
  };
  std::string text_;
  std::vector<Bound> bounds_;
};

}  // namespace pgvigil
