#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "alerts/evaluation.h"
#include "alerts/lifecycle_json.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/alerts/routing/stage.h"
#include "tests/unit/alerts/rules.h"

namespace pgvigil {
namespace {

// Random histories of two subjects under a random rule, with a receiver that keeps incidents as PagerDuty does. Beside
// the world a twin runs whose alerts are stored and read back at every step, as if the agent restarted each time.
class RandomHistory {
 public:
  explicit RandomHistory(unsigned seed) : random_(seed), rules_{random_rule()} {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
    finish();
  }

 private:
  enum class Seen { fine, warning, critical, between, not_a_number, absent };

  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  Rule random_rule() {
    const std::vector<std::string> holds{"0s", "10s", "30s"};
    const auto hold = [&] { return holds[static_cast<std::size_t>(below(3))]; };
    Rule rule = make_rule("id: r\nexpr: m\nwarning: { above: 10, clear: 5, for: " + hold() +
                          " }\ncritical: { above: 20, for: " + hold() + " }\nclear_for: " + hold() +
                          "\nsummary: '{{subject}}'");
    rule.policy.flapping.cycles = 0;  // every change is told
    return rule;
  }

  static double value_of(Seen seen) {
    switch (seen) {
      case Seen::fine: return 1;
      case Seen::between: return 7;
      case Seen::warning: return 15;
      case Seen::critical: return 25;
      default: return std::numeric_limits<double>::quiet_NaN();
    }
  }

  void step() {
    clock_.advance(seconds(10));
    const bool source_works = below(4) != 0;
    if (source_works) observe();
    if (below(15) == 0) clock_.advance(seconds(90));  // the snapshot grows old
    fresh_ = !snapshots_.empty() && snapshots_.front()->current(clock_.steady_now());
    evaluate();
  }

  void observe() {
    std::vector<Series> series;
    for (const auto* subject : {"a", "b"}) {
      // Mostly what it was before, so that holding times are reached.
      if (below(3) == 0) seen_[subject] = static_cast<Seen>(below(6));
      if (seen_[subject] != Seen::absent) series.push_back({{subject}, value_of(seen_[subject])});
    }
    snapshots_ = {make_snapshot("t", ++run_, clock_.steady_now(), "m", {"datname"}, series)};
  }

  void evaluate() {
    const milliseconds passed = elapsed();
    const Evaluation result = look(alerts_, passed);
    expect_same(result, look(through_the_store(alerts_), passed));
    RoutingChanges routing = route({options_,
                                    channels_,
                                    result.alerts,
                                    result.level_changes,
                                    routing_,
                                    {},
                                    clock_.steady_now(),
                                    clock_.wall_now(),
                                    false});
    for (const Notification& message : routing.notifications) receive(message);
    apply(routing, routing_);
    alerts_ = result.alerts;
    expect_receivers_know();
  }

  Evaluation look(const Alerts& alerts, milliseconds passed) const {
    return pgvigil::evaluate({rules_, instance_, snapshots_, alerts, clock_.steady_now(), clock_.wall_now(), passed});
  }

  milliseconds elapsed() {
    const SteadyTime now = clock_.steady_now();
    const auto result = last_ ? std::chrono::duration_cast<milliseconds>(now - *last_) : milliseconds(0);
    last_ = now;
    return result;
  }

  static Alerts through_the_store(const Alerts& alerts) {
    Alerts result = alerts;
    for (auto& [id, alert] : result) alert.state = lifecycle_from(Json::parse(to_json(alert.state).dump()));
    return result;
  }

  static void expect_same(const Evaluation& one, const Evaluation& other) {
    ASSERT_EQ(one.level_changes.size(), other.level_changes.size());
    for (std::size_t i = 0; i < one.level_changes.size(); ++i) {
      EXPECT_EQ(one.level_changes[i].alert, other.level_changes[i].alert);
      EXPECT_EQ(one.level_changes[i].after, other.level_changes[i].after);
    }
    for (const auto& [id, alert] : one.alerts) EXPECT_EQ(alert.state, other.alerts.at(id).state);
  }

  // An incident opens once and ends once, and only for a reason that somebody saw.
  void receive(const Notification& message) {
    const std::string key = message.channel + message.key;
    if (message.kind == Notification::Kind::trigger) {
      EXPECT_TRUE(open_.insert(key).second) << "triggered twice";
      return;
    }
    EXPECT_EQ(open_.erase(key), 1U) << "resolved without a trigger";
    ASSERT_EQ(message.alerts.size(), 1U);
    const AlertNews& news = message.alerts.front();
    const Seen seen = seen_[news.announcement.subject];
    if (news.reason == Reason::rule_removed) return;
    EXPECT_TRUE(fresh_) << "resolved without data";
    EXPECT_NE(seen, Seen::not_a_number);
    EXPECT_EQ(seen == Seen::absent, news.reason == Reason::subject_gone);
  }

  // At every moment the open incidents are the alerts that fire: none is lost, none left over.
  void expect_receivers_know() const {
    std::set<std::string> expected;
    for (const ChannelPolicy& channel : channels_) {
      for (const auto& [id, alert] : alerts_) {
        const auto level = alert.state.firing();
        if (!level || *level < channel.min_level) continue;
        expected.insert(channel.name + alert_key(alert.instance, id, level));
      }
    }
    EXPECT_EQ(open_, expected);
  }

  void finish() {
    rules_.clear();
    evaluate();
    EXPECT_TRUE(open_.empty());
    EXPECT_TRUE(alerts_.empty());
  }

  std::mt19937 random_;
  std::vector<Rule> rules_;
  std::vector<ChannelPolicy> channels_{pager_channel("all"), pager_channel("urgent", Level::critical)};
  RoutingOptions options_ = make_routing("group: { repeat: 0s }", channels_);
  std::string instance_ = "db1";
  FakeClock clock_;
  std::optional<SteadyTime> last_;
  std::uint64_t run_ = 0;
  std::vector<SnapshotPtr> snapshots_;
  std::map<std::string, Seen> seen_;
  bool fresh_ = false;
  Alerts alerts_;
  RoutingState routing_;
  std::set<std::string> open_;
};

TEST(AlertProperties, InRandomHistoriesNothingIsLostDoubledOrResolvedWithoutReason) {
  for (unsigned seed = 0; seed < 50 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomHistory(seed).run(120);
  }
}

}  // namespace
}  // namespace pgvigil
