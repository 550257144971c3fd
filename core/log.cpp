#include "core/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "core/json.h"

namespace pgvigil::log {

namespace {

constexpr auto text_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
constexpr auto json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})";

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A message as a JSON string, so that no text from a server can break the line or forge another.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = Json(std::string(message.payload.data(), message.payload.size())).dump();
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

// Messages may quote what a server said: control characters must not reach a terminal.
std::string printable(std::string_view message) {
  std::string result(message);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return result;
}

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("pgvigil", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(text_pattern, spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = make_logger();
  return *instance;
}

}  // namespace

void configure(Level level, Format format) {
  logger().set_level(to_spdlog(level));
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonMessage>('*').set_pattern(format == Format::json ? json_pattern : text_pattern);
  logger().set_formatter(std::move(formatter));
}

void write(Level level, std::string_view message) {
  logger().log(to_spdlog(level), printable(message));
}

}  // namespace pgvigil::log
