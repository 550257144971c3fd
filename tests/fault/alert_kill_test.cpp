// Ends the process with SIGKILL at every step on the way from a value to a delivered message, starts it again, and
// looks at what the receiver was told.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

#include "alerts/alert_store.h"
#include "alerts/channel.h"
#include "alerts/evaluator.h"
#include "alerts/notifiers/pagerduty.h"
#include "alerts/outbox.h"
#include "alerts/routing/routing_store.h"
#include "alerts/rule.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

constexpr seconds interval{10};

// Kills the process when it is told so for the `limit`-th time.
class StepCounter {
 public:
  explicit StepCounter(int limit) : limit_(limit) {}
  void step() {
    if (++count_ == limit_) kill(getpid(), SIGKILL);
  }

 private:
  int limit_;
  int count_ = 0;
};

// PagerDuty as a file that outlives the process: one line for each event that arrived. Steps: before the request
// arrives, and after it has arrived but before the answer did.
class FileReceiver final : public HttpClient {
 public:
  FileReceiver(const std::filesystem::path& file, StepCounter& steps)
      : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)), steps_(steps) {}

  HttpResponse send(const HttpRequest& request, milliseconds, std::stop_token) override {
    steps_.step();
    write_all(file_, request.body + "\n");
    steps_.step();
    // Every third event is answered with an error although it arrived.
    if (++count_ % 3 == 0) throw Error(Error::Kind::unavailable, "no answer");
    return {202, {}, ""};
  }

 private:
  Fd file_;
  StepCounter& steps_;
  int count_ = 0;
};

Rule rule() {
  Problems problems;
  auto section = Section::parse(
      "id: r\nexpr: m\nwarning: { above: 10 }\ncritical: { above: 20, for: 10s }\nclear_for: 10s\nsummary: s", "r",
      problems);
  return decode_rule(*section).value();
}

// Two subjects that rise, get worse and are fine in the end, each value long enough that a start in the middle of it
// does not hide it. A subject that is gone for good is the third.
constexpr int last_tick = 24;
SnapshotPtr snapshot_at(int tick, const Clock& clock) {
  const std::vector<double> a{1, 15, 25, 15, 1, 1};
  const std::vector<double> b{15, 1, 1, 25, 25, 1};
  const auto phase = static_cast<std::size_t>(std::min(tick / 4, 5));
  Snapshot snapshot;
  snapshot.task = "t";
  snapshot.run = static_cast<std::uint64_t>(tick) + 1;
  snapshot.taken_at = clock.steady_now();
  snapshot.valid_for = seconds(60);
  Family family{"m", "", MetricType::gauge, {"name"}, {}};
  family.samples = {{{"a"}, a[phase]}, {{"b"}, b[phase]}};
  if (phase == 1) family.samples.push_back({{"gone"}, 15});
  snapshot.families = {family};
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

// Whole or not at all, but without a sync: the machine does not lose power here.
void remember_tick(const std::filesystem::path& folder, int tick) {
  std::ofstream(folder / "tick.new") << tick;
  std::filesystem::rename(folder / "tick.new", folder / "tick");
}

int tick_in(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? std::stoi(read_file(file)) : 0;
}

// The agent's work from the tick at which the process before it ended, until all is sent.
void work(const std::filesystem::path& folder, int kill_at_step) {
  StepCounter steps(kill_at_step);
  LocalStore store(folder / "state.db");
  store.observe_steps([&] { steps.step(); });
  Outbox outbox(store);
  AlertStore alerts(store);
  SnapshotStore snapshots;
  FakeClock clock;
  const int first = tick_in(folder / "tick");
  clock.advance(interval * first);
  FileReceiver receiver(folder / "received", steps);
  PagerDutyOptions options;
  options.routing_key = Secret("0123456789abcdef0123456789abcdef");
  const ChannelOptions channel_options{"pager",
                                       "pager",
                                       "pagerduty",
                                       Level::warning,
                                       Scheme::https_only,
                                       "",
                                       std::make_shared<PagerDutyNotifier>(std::move(options))};
  const PgOptions target;
  Channel channel(channel_options, {outbox, receiver, target, clock, {}});
  Evaluator evaluator({interval, "db1", {rule()}, {channel_options.policy()}}, snapshots, alerts, clock, [] {});
  for (int tick = first; tick <= last_tick; ++tick) {
    remember_tick(folder, tick);
    snapshots.publish(snapshot_at(tick, clock));
    evaluator.step();
    // Each message is tried at least once: an undelivered one gives its place to the next of its key.
    for (int attempt = 0; attempt < 4; ++attempt) channel.step({});
    clock.advance(interval);
  }
  while (outbox.backlog("pager").pending > 0) {
    channel.step({});
    clock.advance(seconds(30));
  }
}

// Runs work() in a process of its own; the signal that ended it, 0 when it ended by itself, -1 when it failed.
int run_in_child(const std::filesystem::path& folder, int kill_at_step) {
  const pid_t child = fork();
  if (child == 0) {
    const int devnull = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(devnull, STDERR_FILENO);
    try {
      work(folder, kill_at_step);
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  return WEXITSTATUS(status) == 0 ? 0 : -1;
}

struct Incident {
  int triggers = 0;
  std::string last_action;
};

std::map<std::string, Incident> received_in(const std::filesystem::path& folder) {
  std::map<std::string, Incident> incidents;
  for (const std::string& line : split(read_file(folder / "received"), '\n')) {
    if (line.empty()) continue;
    const Json event = Json::parse(line);
    Incident& incident = incidents[event["dedup_key"].text()];
    incident.last_action = event["event_action"].text();
    if (incident.last_action == "trigger") ++incident.triggers;
  }
  return incidents;
}

std::vector<std::string> keys(const std::map<std::string, Incident>& incidents) {
  std::vector<std::string> result;
  result.reserve(incidents.size());
  for (const auto& entry : incidents) result.push_back(entry.first);
  return result;
}

void expect_all_told(const std::map<std::string, Incident>& incidents, const std::vector<std::string>& expected) {
  EXPECT_EQ(keys(incidents), expected);
  for (const auto& [key, incident] : incidents) {
    EXPECT_GE(incident.triggers, 1) << key;
    EXPECT_EQ(incident.last_action, "resolve") << key << " is left open";
  }
}

void expect_nothing_left(const std::filesystem::path& folder) {
  LocalStore store(folder / "state.db");
  EXPECT_EQ(Outbox(store).backlog("pager").pending, 0);
  EXPECT_TRUE(views_of(AlertStore(store).load()).empty());
  EXPECT_TRUE(RoutingStore(store).load({}, {}).incidents.empty());
}

// A kill loses nothing that was written, synced or not, so the files may lie in memory: some thousand syncs of a disk
// would take a minute.
class AlertKill : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (const char* before = std::getenv("TMPDIR")) temporary_folder = before;
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
  }
  static void TearDownTestSuite() {
    if (temporary_folder) {
      setenv("TMPDIR", temporary_folder->c_str(), 1);
    } else {
      unsetenv("TMPDIR");
    }
  }

 private:
  static inline std::optional<std::string> temporary_folder;
};

TEST_F(AlertKill, AtAnyStepNoMessageIsLostAndNoIncidentStaysOpen) {
  const TempDir undisturbed;
  ASSERT_EQ(run_in_child(undisturbed.path(), 0), 0);
  const auto expected = keys(received_in(undisturbed.path()));
  ASSERT_EQ(expected.size(), 5U);  // two levels of a and of b, one of the subject that goes
  expect_all_told(received_in(undisturbed.path()), expected);
  int step = 1;
  for (;; ++step) {
    SCOPED_TRACE("killed at step " + std::to_string(step));
    const TempDir folder;
    const int signal = run_in_child(folder.path(), step);
    ASSERT_GE(signal, 0);
    if (signal == 0) break;
    ASSERT_EQ(run_in_child(folder.path(), 0), 0);
    expect_all_told(received_in(folder.path()), expected);
    expect_nothing_left(folder.path());
    if (HasFailure()) break;
  }
  EXPECT_GT(step, 100) << "the steps are no longer observed";
}

TEST_F(AlertKill, EvenWhenEveryStartIsKilledAgainAFewStepsLater) {
  const TempDir undisturbed;
  ASSERT_EQ(run_in_child(undisturbed.path(), 0), 0);
  const TempDir folder;
  int starts = 0;
  // A start needs some steps before it can send anything, so the patience grows.
  while (run_in_child(folder.path(), 5 + starts / 2) != 0) ASSERT_LT(++starts, 1000);
  EXPECT_GT(starts, 5);
  expect_all_told(received_in(folder.path()), keys(received_in(undisturbed.path())));
  expect_nothing_left(folder.path());
}

}  // namespace
}  // namespace pgvigil
