#include "collectors/import/catalog_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace pgvigil {

namespace {

// The reader replaces ${NAME} by the environment, and $${ by ${.
std::string without_references(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") result += '$';
    result += text[i];
  }
  return result;
}

// A key or a label's name: plain when nothing in it means anything to YAML.
std::string key(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
  constexpr std::string_view words = " y n yes no on off true false null ";
  const bool word = words.find(fmt::format(" {} ", lower(text))) != std::string_view::npos;
  return plain && !word ? std::string(text) : yaml_quoted(text);
}

// A block scalar shows SQL as people write it. What it cannot hold goes into quotes.
std::string block(std::string_view text, const std::string& indent) {
  const bool fits =
      !text.empty() && text.front() > ' ' && text.back() != '\n' && std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 ? byte != 0x7f : (c == '\n' || c == '\t');
      });
  if (!fits) return yaml_quoted(text);
  std::string result = "|-";
  for (const std::string& line : split(without_references(text), '\n')) {
    result += '\n';
    if (!line.empty()) result += indent + line;
  }
  return result;
}

std::string condition_text(const CatalogCondition& when) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) parts.push_back(fmt::format("{}: {}", name, yaml_quoted(value)));
  };
  add("server", when.server.text());
  if (when.role) parts.emplace_back(*when.role == ServerRole::primary ? "role: primary" : "role: standby");
  add("extension", when.extension);
  add("extension_version", when.extension_version.text());
  add("relation", when.relation);
  add("function", when.function);
  add("member_of", when.member_of);
  return parts.empty() ? "" : fmt::format("{{ {} }}", join(parts, ", "));
}

std::string column_text(const CatalogColumn& column, const std::string& prefix) {
  std::string text = fmt::format("  {}:", key(column.name));
  const std::string server =
      column.server.text().empty() ? "" : fmt::format(", server: {}", yaml_quoted(column.server.text()));
  if (!column.is_value()) return text + fmt::format(" {{ usage: {}{} }}\n", to_string(column.usage), server);
  text += fmt::format("\n    usage: {}\n", to_string(column.usage));
  if (column.metric != prefix + "_" + column.name) text += fmt::format("    metric: {}\n", yaml_quoted(column.metric));
  if (column.scale != 1) text += fmt::format("    scale: {}\n", column.scale);
  if (!column.server.text().empty()) text += fmt::format("    server: {}\n", yaml_quoted(column.server.text()));
  return text + fmt::format("    help: {}\n", yaml_quoted(column.help));
}

std::string variant_text(const CatalogVariant& variant) {
  const std::string when = condition_text(variant.when);
  const std::string first = when.empty() ? "  - " : fmt::format("  - when: {}\n    ", when);
  return fmt::format("{}query: {}\n", first, block(variant.query, "      "));
}

std::string indented(const std::string& text) {
  std::string result;
  std::string_view start = "  - ";
  for (const std::string& line : split(trim(text), '\n')) {
    if (!line.empty()) result += std::string(start) + line;
    result += '\n';
    start = "    ";
  }
  return result;
}

}  // namespace

std::string yaml_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : without_references(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string catalog_text(const ImportedCollector& collector) {
  const CatalogEntry& entry = collector.entry;
  std::string text = fmt::format("name: {}\nhelp: {}\n", yaml_quoted(entry.name), yaml_quoted(entry.help));
  if (entry.scope == Scope::database) text += "scope: database\n";
  text += fmt::format("interval: {}\ntimeout: {}\nmetric_prefix: {}\nvariants:\n", format_duration(entry.interval),
                      format_duration(entry.timeout), yaml_quoted(collector.prefix));
  for (const CatalogVariant& variant : entry.variants) text += variant_text(variant);
  text += "columns:\n";
  for (const CatalogColumn& column : entry.columns) text += column_text(column, collector.prefix);
  return text;
}

std::string catalog_text(const std::vector<ImportedCollector>& collectors) {
  if (collectors.empty()) return "collectors: []\n";
  std::string text = "collectors:\n";
  for (const ImportedCollector& collector : collectors) text += indented(catalog_text(collector));
  return text;
}

}  // namespace pgvigil
