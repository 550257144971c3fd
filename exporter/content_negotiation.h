#pragma once

#include <string_view>

namespace pgvigil {

// The formats that /metrics speaks.
enum class MetricsFormat {
  prometheus,   // text format 0.0.4
  openmetrics,  // OpenMetrics 1.0
};
enum class Encoding { identity, gzip };

// The best format for an Accept header (RFC 9110, 12.5.1); the text format when there is none, when it names neither or
// a version that we do not speak: a client that gets something else than it likes can still say so.
MetricsFormat choose_format(std::string_view accept);

// gzip when an Accept-Encoding header (RFC 9110, 12.5.3) prefers it or likes it as well as no encoding.
Encoding choose_encoding(std::string_view accept_encoding);

// The Content-Type of a page in that format.
std::string_view content_type(MetricsFormat format);

}  // namespace pgvigil
