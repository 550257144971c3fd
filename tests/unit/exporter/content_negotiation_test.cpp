#include "exporter/content_negotiation.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

constexpr auto text = MetricsFormat::prometheus;
constexpr auto open_metrics = MetricsFormat::openmetrics;

TEST(Formats, FollowTheAcceptHeader) {
  struct Case {
    const char* accept;
    MetricsFormat format;
  };
  const Case cases[] = {
      {"", text},
      {"*/*", text},
      {"text/html,application/xhtml+xml,*/*;q=0.8", text},
      {"application/openmetrics-text", open_metrics},
      {"Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", open_metrics},
      {"application/openmetrics-text; version=\"1.0.0\"", open_metrics},
      {"application/openmetrics-text;version=2.0.0", text},
      {"application/openmetrics-text;q=0", text},
      {"application/openmetrics-text;q=0.3, text/plain;q=0.4", text},
      {"application/openmetrics-text;q=0.4, text/plain;q=0.4", open_metrics},
      {"text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=1.0", open_metrics},
      {"application/openmetrics-text;q=0.2,*/*", text},
      {"application/openmetrics-text;q=0.2,text/*;q=0.1,*/*", open_metrics},
      {"application/openmetrics-text;q=2", text},        // no weight
      {"application/openmetrics-text;q=0.00001", text},  // too many digits
      {"application/openmetrics-text;=;;,,", text},
      {"application/openmetrics-textual", text},
      {"x/y;a=\"application/openmetrics-text,\"", text},
      // Prometheus 2.42 and 3.
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       open_metrics},
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
       "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
       "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       open_metrics},
      // Prometheus that is told to ask for the text format, and one that prefers protocol buffers.
      {"text/plain;version=0.0.4;q=0.6,*/*;q=0.2", text},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
       "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
       open_metrics},
  };
  for (const Case& wanted : cases) EXPECT_EQ(choose_format(wanted.accept), wanted.format) << wanted.accept;
}

TEST(Encodings, FollowTheAcceptEncodingHeader) {
  struct Case {
    const char* accept;
    Encoding encoding;
  };
  const Case cases[] = {
      {"", Encoding::identity},
      {"gzip", Encoding::gzip},
      {"deflate, GZIP", Encoding::gzip},
      {"x-gzip", Encoding::gzip},
      {"br;q=1.0, gzip;q=0.8, *;q=0.1", Encoding::gzip},
      {"gzip;q=0", Encoding::identity},
      {"gzip; q=0.000", Encoding::identity},
      {"gzip;q=0.001", Encoding::gzip},
      {"gzip;q=0, *", Encoding::identity},
      {"*", Encoding::gzip},
      {"*;q=0", Encoding::identity},
      {"identity;q=1, gzip;q=0.5", Encoding::identity},
      {"identity;q=0.5, gzip;q=0.5", Encoding::gzip},
      {"deflate, br, zstd", Encoding::identity},
      {"gzipped", Encoding::identity},
  };
  for (const Case& wanted : cases) EXPECT_EQ(choose_encoding(wanted.accept), wanted.encoding) << wanted.accept;
}

}  // namespace
}  // namespace pgvigil
