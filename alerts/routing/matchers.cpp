#include "alerts/routing/matchers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace pgvigil {

namespace {

using Kind = LabelMatcher::Kind;

// Longer ones first: "=" begins "=~".
constexpr std::array<std::pair<std::string_view, Kind>, 4> operators{
    {{"=~", Kind::matches}, {"!~", Kind::not_matches}, {"!=", Kind::not_equal}, {"=", Kind::equal}}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Reads matchers from left to right; what is wrong ends it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() {
    skip_space();
    return at_ == text_.size();
  }

  std::optional<LabelMatcher> matcher() {
    LabelMatcher result;
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || (at_ > start && text_[at_] >= '0' && text_[at_] <= '9')))
      ++at_;
    result.label = std::string(text_.substr(start, at_ - start));
    if (result.label.empty()) return refuse("the name of a label is expected, as in severity=\"critical\"");
    if (!read_operator(result)) return refuse("=, !=, =~ or !~ is expected after the name of a label");
    auto value = quoted();
    if (!value) return std::nullopt;
    result.value = std::move(*value);
    if (result.kind == Kind::matches || result.kind == Kind::not_matches) {
      result.regex = LabelRegex::compile(result.value, why_);
      if (!result.regex) return std::nullopt;
    }
    return result;
  }

  bool comma() {
    skip_space();
    if (at_ == text_.size() || text_[at_] != ',') return false;
    ++at_;
    return true;
  }

  std::nullopt_t refuse(std::string_view what) {
    why_ = fmt::format("at character {}: {}", at_ + 1, what);
    return std::nullopt;
  }
  const std::string& why() const { return why_; }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  bool read_operator(LabelMatcher& matcher) {
    skip_space();
    for (const auto& [sign, kind] : operators) {
      if (text_.substr(at_).substr(0, sign.size()) != sign) continue;
      at_ += sign.size();
      matcher.kind = kind;
      return true;
    }
    return false;
  }

  std::optional<std::string> quoted() {
    skip_space();
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) return refuse("a text in quotes is expected");
    const char quote = text_[at_++];
    std::string result;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return result;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == quote || text_[at_ + 1] == '\\')) ++at_;
      result += text_[at_];
    }
    return refuse("the text in quotes does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string why_;
};

}  // namespace

RoutingLabels::RoutingLabels(const Alert& alert, Level level)
    : rule_(alert.rule),
      severity_(to_string(level)),
      instance_(alert.instance),
      labels_(alert.announcement.labels.empty() ? &alert.subject : &alert.announcement.labels) {}

RoutingLabels::RoutingLabels(const Labels& labels) : labels_(&labels) {}

std::string_view RoutingLabels::operator[](std::string_view name) const {
  if (name == "rule" && !rule_.empty()) return rule_;
  if (name == "severity" && !severity_.empty()) return severity_;
  if (name == "instance" && !instance_.empty()) return instance_;
  const auto found = labels_->find(name);
  return found == labels_->end() ? std::string_view() : std::string_view(found->second);
}

std::optional<Matchers> Matchers::parse(std::string_view text, std::string& why) {
  Matchers result;
  result.text_ = std::string(trim(text));
  Reader reader(result.text_);
  while (!reader.done()) {
    auto matcher = reader.matcher();
    if (matcher) result.matchers_.push_back(std::move(*matcher));
    if (matcher && !reader.comma() && !reader.done()) reader.refuse("a comma is expected between two matchers");
    if (!reader.why().empty()) {
      why = reader.why();
      return std::nullopt;
    }
  }
  return result;
}

bool Matchers::accept(const RoutingLabels& labels) const {
  return std::all_of(matchers_.begin(), matchers_.end(),
                     [&](const LabelMatcher& matcher) { return matcher.accepts(labels[matcher.label]); });
}

std::optional<Labels> Matchers::as_labels() const {
  Labels result;
  for (const LabelMatcher& matcher : matchers_) {
    if (matcher.kind != Kind::equal) return std::nullopt;
    if (!matcher.value.empty()) result[matcher.label] = matcher.value;
  }
  return result;
}

}  // namespace pgvigil
