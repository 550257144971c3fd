#include "exporter/text_format.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace pgvigil {

namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

// The shortest text that reads back as the same double; whole numbers without a point or exponent.
void append_value(std::string& out, double value) {
  constexpr double exact_integers = 9007199254740992.0;  // 2^53
  std::array<char, 32> buffer{};
  char* const end = buffer.data() + buffer.size();
  const bool whole = std::fabs(value) < exact_integers && value == std::trunc(value);
  const auto result = whole ? std::to_chars(buffer.data(), end, static_cast<long long>(value))
                            : std::to_chars(buffer.data(), end, value);
  out.append(buffer.data(), result.ptr);
}

void append_labels(std::string& out, const Family& family, const SeriesView& sample) {
  if (family.label_names.empty()) return;
  char separator = '{';
  for (std::size_t i = 0; i < family.label_names.size() && i < sample.label_values.size(); ++i) {
    out += separator;
    out += family.label_names[i];
    out += "=\"";
    append_escaped(out, sample.label_values[i], true);
    out += '"';
    separator = ',';
  }
  out += '}';
}

void append_header(std::string& out, const Family& family) {
  out += "# HELP " + family.name + ' ';
  append_escaped(out, family.help, false);
  out += "\n# TYPE " + family.name + ' ';
  out += family.type == MetricType::unknown ? "untyped" : to_string(family.type);
  out += '\n';
}

}  // namespace

RenderedText render_text(const std::vector<Family>& families) {
  RenderedText result;
  std::unordered_set<std::string> seen;
  std::string labels;
  for (const Family& family : families) {
    seen.clear();
    bool first = true;
    for (const SeriesView sample : family.samples) {
      if (std::isnan(sample.value)) continue;
      if (std::exchange(first, false)) append_header(result.text, family);
      labels.clear();
      append_labels(labels, family, sample);
      if (!seen.insert(labels).second) {
        ++result.duplicates;
        continue;
      }
      result.text += family.name;
      result.text += labels;
      result.text += ' ';
      append_value(result.text, sample.value);
      result.text += '\n';
    }
  }
  return result;
}

}  // namespace pgvigil
