#include "collectors/statements/options.h"

namespace pgvigil {

StatementOptions decode_statements(Section& section) {
  StatementOptions options;
  const auto number = [&](std::string_view key, std::size_t fallback, std::int64_t min, std::int64_t max) {
    return static_cast<std::size_t>(section.integer(key, static_cast<std::int64_t>(fallback), min, max));
  };
  options.top = number("top", options.top, 1, 1000);
  options.statements = number("max", options.statements, 0, 5000);
  options.texts = section.boolean("texts", options.texts);
  options.text_bytes = number("text_bytes", options.text_bytes, 20, 10000);
  section.finish();
  return options;
}

}  // namespace pgvigil
