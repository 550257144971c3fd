#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/pg_cluster.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {

// The agent's binary, run by a test on a free port with a configuration and a state folder of its own. It can be killed
// and started again on the same state. One thread at a time.
class Agent {
 public:
  // `config` is YAML; target, listen and state_dir are added. Starts nothing.
  Agent(const std::string& conninfo, std::string config);
  explicit Agent(const PgCluster& cluster, std::string config = "") : Agent(cluster.conninfo(), std::move(config)) {}

  // From the next start on the agent uses this web configuration, and get() adds these arguments of curl (a password,
  // an authority).
  void protect(const std::string& web_config, std::vector<std::string> curl_arguments);
  // Writes it anew, for the running agent to find.
  std::filesystem::path web_config_file() const { return folder_ / "web.yaml"; }

  // Starts the binary and waits for /livez. Throws, with what it said, when it does not come up.
  void start();
  // SIGTERM, and how it ended; throws when it does not end within 30 seconds.
  Process::Exit stop();
  // SIGKILL, as the kernel or an operator in a hurry would.
  void kill();

  Process& process() { return *process_; }
  std::filesystem::path config_file() const { return folder_ / "pgvigil.yaml"; }
  std::filesystem::path state_folder() const { return folder_ / "state"; }
  std::filesystem::path folder() const { return folder_.path(); }
  std::string url(std::string_view path) const;
  // Replaces the part of the configuration that was given; the agent reads it on SIGHUP or at its next start.
  void configure(const std::string& config);

  // By curl, which keeps pages of any size, with more arguments for it if need be. Status 0: nobody answered.
  struct Page {
    int status = 0;
    std::string body;
  };
  Page get(std::string_view path, const std::vector<std::string>& arguments = {}) const;
  std::string metrics() const { return get("/metrics").body; }
  // The value of the first series that begins so: `NAME` or `NAME{label="value"`.
  std::optional<double> value(std::string_view series) const;

 private:
  TempDir folder_{TempDir::Access::readable_by_all};
  std::string conninfo_;
  std::string config_;
  std::uint16_t port_;
  bool protected_ = false;
  bool tls_ = false;
  std::vector<std::string> curl_arguments_;
  std::optional<Process> process_;
};

// The same look-up in the text of a page.
std::optional<double> find_value(std::string_view page, std::string_view series);

}  // namespace pgvigil
