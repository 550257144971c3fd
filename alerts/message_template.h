#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "alerts/level.h"
#include "alerts/selector.h"
#include "alerts/syntax_error.h"

namespace pgvigil {

// What a message can speak about.
struct TemplateValues {
  std::string subject;   // "shop", or the server when the alert has no labels
  std::string instance;  // the watched server
  Level level = Level::warning;
  std::optional<double> value;  // nothing when the alert is about missing data
  double threshold = 0;
  Labels labels;
};

// The text of a summary or description with {{subject}}, {{instance}}, {{level}}, {{value}}, {{threshold}} and
// {{label.NAME}}; value and threshold take a filter: {{value|duration}}, |percent or |bytes. Everything that can be
// wrong is found by parse(); rendering cannot fail. Immutable.
class MessageTemplate {
 public:
  MessageTemplate() = default;

  static std::variant<MessageTemplate, SyntaxError> parse(std::string_view text);

  std::string render(const TemplateValues& values) const;

  enum class Filter { none, duration, percent, bytes };
  enum class Field { subject, instance, level, value, threshold, label };
  struct Placeholder {
    Field field = Field::subject;
    Filter filter = Filter::none;
    std::string label;
  };
  using Part = std::variant<std::string, Placeholder>;  // literal text, or what stands in its place

  // For who says the same in another language of templates.
  const std::vector<Part>& parts() const { return parts_; }
  static std::string format_number(std::optional<double> value, Filter filter);

 private:
  static std::variant<Placeholder, std::string> parse_placeholder(std::string_view text);
  static std::string text_of(const Placeholder& placeholder, const TemplateValues& values);

  std::vector<Part> parts_;
};

}  // namespace pgvigil
