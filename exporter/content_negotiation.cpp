#include "exporter/content_negotiation.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/text.h"

namespace pgvigil {

namespace {

// One alternative of an Accept or Accept-Encoding header, in lower case.
struct Alternative {
  std::string name;
  std::map<std::string, std::string> parameters;  // without q
  double weight = 1;
};

// Splits where `separator` stands outside of quotes.
std::vector<std::string> split_unquoted(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == separator && !quoted) {
      parts.emplace_back();
      continue;
    }
    parts.back() += text[i];
    if (quoted && text[i] == '\\' && i + 1 < text.size()) parts.back() += text[++i];
  }
  return parts;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

// 0 to 1 with at most three digits; anything else is no weight.
std::optional<double> parse_weight(std::string_view text) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight, std::chars_format::fixed);
  const bool good = error == std::errc() && end == text.data() + text.size() && weight >= 0 && weight <= 1;
  return good && text.size() <= 5 ? std::optional(weight) : std::nullopt;
}

// nullopt: what stands there is malformed, and the alternative counts as not there.
std::optional<Alternative> parse_alternative(std::string_view text) {
  const std::vector<std::string> parts = split_unquoted(text, ';');
  Alternative result;
  result.name = lower(trim(parts.front()));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = trim(parts[i]);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string name = lower(trim(part.substr(0, equals)));
    if (equals == std::string_view::npos || name.empty()) return std::nullopt;
    const std::string value = lower(unquoted(trim(part.substr(equals + 1))));
    if (name != "q") {
      result.parameters[name] = value;
      continue;
    }
    const auto weight = parse_weight(value);
    if (!weight) return std::nullopt;
    result.weight = *weight;
  }
  if (result.name.empty()) return std::nullopt;
  return result;
}

std::vector<Alternative> parse_alternatives(std::string_view header) {
  std::vector<Alternative> result;
  for (const std::string& item : split_unquoted(header, ',')) {
    if (auto alternative = parse_alternative(item)) result.push_back(std::move(*alternative));
  }
  return result;
}

bool speaks_version(const Alternative& wanted, const std::vector<std::string_view>& versions) {
  const auto version = wanted.parameters.find("version");
  if (version == wanted.parameters.end()) return true;
  return std::find(versions.begin(), versions.end(), version->second) != versions.end();
}

// How much a header wants what the more exact names stand for; the most exact name that matches decides.
double weight_of(const std::vector<Alternative>& wanted, const std::vector<std::string_view>& names,
                 const std::vector<std::string_view>& versions) {
  for (const std::string_view name : names) {
    std::optional<double> weight;
    for (const Alternative& alternative : wanted) {
      if (alternative.name != name || !speaks_version(alternative, versions)) continue;
      weight = std::max(weight.value_or(0), alternative.weight);
    }
    if (weight) return *weight;
  }
  return 0;
}

}  // namespace

MetricsFormat choose_format(std::string_view accept) {
  const std::vector<Alternative> wanted = parse_alternatives(accept);
  // A wildcard is no wish for OpenMetrics: curl and browsers send one, and people read what they get.
  const double open = weight_of(wanted, {"application/openmetrics-text"}, {"1.0.0"});
  const double text = weight_of(wanted, {"text/plain", "text/*", "*/*"}, {"0.0.4"});
  return open > 0 && open >= text ? MetricsFormat::openmetrics : MetricsFormat::prometheus;
}

Encoding choose_encoding(std::string_view accept_encoding) {
  const std::vector<Alternative> wanted = parse_alternatives(accept_encoding);
  const double gzip = std::max(weight_of(wanted, {"gzip", "*"}, {}), weight_of(wanted, {"x-gzip"}, {}));
  const double identity = weight_of(wanted, {"identity"}, {});
  return gzip > 0 && gzip >= identity ? Encoding::gzip : Encoding::identity;
}

std::string_view content_type(MetricsFormat format) {
  return format == MetricsFormat::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace pgvigil
