#include "tests/support/agent.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tests/support/free_port.h"

namespace pgvigil {

namespace {

constexpr milliseconds limit{30000};

}  // namespace

Agent::Agent(const std::string& conninfo, std::string config) : conninfo_(conninfo), port_(free_port()) {
  configure(config);
}

void Agent::configure(const std::string& config) {
  config_ = config;
  const std::string listen = protected_ ? fmt::format("{{ address: '127.0.0.1:{}', web_config: web.yaml }}", port_)
                                        : fmt::format("127.0.0.1:{}", port_);
  folder_.write("pgvigil.yaml", fmt::format("target: {{ conninfo: \"{}\" }}\nlisten: {}\nstate_dir: {}\n{}", conninfo_,
                                            listen, state_folder().string(), config));
}

void Agent::protect(const std::string& web_config, std::vector<std::string> curl_arguments) {
  folder_.write("web.yaml", web_config);
  protected_ = true;
  tls_ = web_config.find("tls_server_config") != std::string::npos;
  curl_arguments_ = std::move(curl_arguments);
  configure(config_);
}

std::string Agent::url(std::string_view path) const {
  return fmt::format("{}://127.0.0.1:{}{}", tls_ ? "https" : "http", port_, path);
}

void Agent::start() {
  process_.emplace(std::vector<std::string>{PGVIGIL_BINARY, "run", "-c", config_file()});
  const bool up = eventually(limit, [&] { return get("/livez").status == 200 || !process_->running(); });
  if (!up || !process_->running()) throw std::runtime_error("the agent does not start:\n" + process_->error_output());
}

Process::Exit Agent::stop() {
  process_->signal(SIGTERM);
  const auto exit = process_->wait(limit);
  if (!exit) throw std::runtime_error("the agent does not stop:\n" + process_->error_output());
  return *exit;
}

void Agent::kill() {
  process_->signal(SIGKILL);
  process_->wait(limit);
}

Agent::Page Agent::get(std::string_view path, const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv{"curl", "--silent", "--max-time", "10", "--write-out", "\n%{http_code}", url(path)};
  argv.insert(argv.end(), curl_arguments_.begin(), curl_arguments_.end());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Process curl(argv);
  curl.wait(limit);
  curl.wait_for_end_of_output(limit);
  const std::string output = curl.output();
  const auto end = output.rfind('\n');
  if (end == std::string::npos) return {};
  return {std::stoi(output.substr(end + 1)), output.substr(0, end)};
}

std::optional<double> Agent::value(std::string_view series) const {
  return find_value(metrics(), series);
}

std::optional<double> find_value(std::string_view page, std::string_view series) {
  for (std::size_t start = 0; start < page.size();) {
    const auto end = std::min(page.find('\n', start), page.size());
    const auto line = page.substr(start, end - start);
    const bool found = line.starts_with(series) && line.size() > series.size() &&
                       std::string_view(" {},").find(line[series.size()]) != std::string_view::npos;
    if (found) return std::stod(std::string(line.substr(line.rfind(' ') + 1)));
    start = end + 1;
  }
  return std::nullopt;
}

}  // namespace pgvigil
