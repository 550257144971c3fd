#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "alerts/alert_store.h"
#include "alerts/routing/destinations.h"
#include "alerts/routing/routing_store.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/routing/stage.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

// What one receiver knows: the incidents that are open, and which alerts fire in each.
class Receiver {
 public:
  void take(const Notification& message) {
    const bool open = open_.contains(message.key);
    if (message.kind == Notification::Kind::resolve) {
      EXPECT_TRUE(open) << "resolved without a trigger: " << in_words(message);
      for (const AlertNews& news : message.alerts) EXPECT_FALSE(news.firing) << in_words(message);
      open_.erase(message.key);
      sequence_.erase(message.key);
      return;
    }
    EXPECT_EQ(message.sequence, ++sequence_[message.key]) << in_words(message);
    std::map<std::string, Level> firing;
    for (const AlertNews& news : message.alerts) {
      if (news.firing) firing.emplace(news.alert, news.level);
    }
    EXPECT_FALSE(firing.empty()) << in_words(message);
    const std::string content = content_of(message);
    EXPECT_TRUE(message.repeat || !open || last_content_[message.key] != content)
        << "told twice: " << in_words(message);
    last_content_[message.key] = content;
    open_[message.key] = firing;
  }

  // The highest level at which an alert fires for the receiver.
  std::optional<Level> knows(const std::string& alert) const {
    std::optional<Level> result;
    for (const auto& entry : open_) {
      const auto found = entry.second.find(alert);
      if (found != entry.second.end()) result = std::max(result.value_or(found->second), found->second);
    }
    return result;
  }
  std::size_t open() const { return open_.size(); }

 private:
  static std::string content_of(const Notification& message) {
    std::string result = in_words(message).substr(in_words(message).find(": "));
    for (const AlertNews& news : message.alerts) result += std::to_string(news.since.time_since_epoch().count()) + " ";
    return result;
  }

  std::map<std::string, std::map<std::string, Level>> open_;  // by key
  std::map<std::string, std::uint64_t> sequence_;
  std::map<std::string, std::string> last_content_;
};

// Random alerts, silences, acknowledgements, routes, channels and restarts; what the channels are told is held against
// what is the case.
class RandomRouting {
 public:
  explicit RandomRouting(unsigned seed) : random_(seed) {
    reconfigure();
    stage_.stored = [this](const RoutingChanges& changes) {
      store_.transaction([&](LocalStore::Transaction& transaction) { RoutingStore::append(transaction, changes); });
    };
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      act();
      evaluate(milliseconds(1000 * (1 + below(40))));
      if (below(4) == 0) restart();
    }
    finish();
  }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  std::string some_alert() { return fmt::format("{}/{}", below(2) == 0 ? "disk" : "lag", below(6)); }

  void act() {
    for (int changes = below(4); changes > 0; --changes) {
      const std::string id = some_alert();
      const bool fires = stage_.alerts.contains(id);
      if (fires && below(3) == 0) {
        stage_.end(id);
        stage_.wishes.acknowledgements.erase(id);
      } else {
        stage_.fire(id, below(3) == 0 ? Level::critical : Level::warning);
      }
    }
    if (below(10) == 0) storm();
    if (below(12) == 0) reconfigure();
    if (below(10) == 0) stage_.silence(below(2) == 0 ? "rule=\"disk\"" : "name=~\"1|2|3\"", seconds(10 * below(30)));
    if (below(10) == 0) acknowledge(some_alert());
    if (below(20) == 0) jump();
    stage_.hold = below(15) == 0;
    stage_.forget_ended_silences();
  }

  // What waits begins to wait anew when the agent is started after that.
  void jump() {
    stage_.clock.set_wall(stage_.clock.wall_now() + 24h * (below(3) - 1));
    jumped_ = true;
  }

  void storm() {
    for (int i = 0; i < 6; ++i) stage_.fire(fmt::format("disk/{}", i), Level::warning);
  }

  void acknowledge(const std::string& id) {
    const auto alert = stage_.alerts.find(id);
    if (alert == stage_.alerts.end()) return;
    stage_.wishes.acknowledgements[id] = {id, *alert->second.state.firing(),  "ann",
                                          "", stage_.clock.wall_now() + 5min, {}};
  }

  void reconfigure() {
    static const std::vector<std::string> all{
        "group: { digest_after: 3 }",
        "group: { wait: 20s, digest_after: 4, repeat: 2m }",
        "group: { by: [...], repeat: 0s }",
        "group: { by: [severity], digest_after: 2 }",
        "routes: [{ match: 'severity=\"critical\"', to: [pager, chat] }, { to: [manager], wait: 30s }]",
        "routes: [{ match: 'rule=\"disk\"', to: chat, continue: true, group_by: [name] }, { to: [chat, pager] }]",
        "routes: [{ match: 'rule=\"lag\"', to: [] }]\ninhibit: [{ if: 'name=\"0\"', mute: 'name!=\"0\"', equal: [rule] "
        "}]",
    };
    text_ = all[static_cast<std::size_t>(below(static_cast<int>(all.size())))];
    stage_.configure(text_);
    missing_since_.clear();  // other groups wait anew
  }

  void evaluate(milliseconds passed) {
    for (const Notification& message : stage_.messages(0ms)) receivers_[message.channel].take(message);
    for (const ChannelPolicy& channel : stage_.channels) expect_knows(channel);
    stage_.clock.advance(passed);
  }

  // A channel knows every alert that it is to be told of, at its level, once the group's wait is over; and does not
  // take for firing what is over, but for the minute that good news may wait.
  void expect_knows(const ChannelPolicy& channel) {
    const std::map<std::string, milliseconds> wanted = wanted_by(channel);
    for (const auto* rule : {"disk", "lag"}) {
      for (int i = 0; i < 6; ++i) expect_knows(channel.name, fmt::format("{}/{}", rule, i), wanted);
    }
  }

  void expect_knows(const std::string& channel, const std::string& id,
                    const std::map<std::string, milliseconds>& wanted) {
    const auto knows = receivers_[channel].knows(id);
    const auto alert = stage_.alerts.find(id);
    const auto want = wanted.find(id);
    const bool fires = alert != stage_.alerts.end();
    const bool too_low = knows && want != wanted.end() && *knows < *alert->second.state.firing();
    EXPECT_FALSE(too_low) << channel << ": " << id;
    const bool missing = !knows && want != wanted.end();
    EXPECT_FALSE(missing && lasted(missing_since_, channel + id, true) >= want->second)
        << channel << " was not told of " << id << " by " << text_;
    if (!missing) lasted(missing_since_, channel + id, false);
    EXPECT_LT(lasted(over_since_, channel + id, knows && !fires), good_news_pace)
        << channel << ": " << id << " is over";
  }

  using Since = std::map<std::string, SteadyTime>;
  milliseconds lasted(Since& since, const std::string& what, bool is_so) const {
    if (!is_so) {
      since.erase(what);
      return milliseconds(0);
    }
    const auto entry = since.try_emplace(what, stage_.clock.steady_now());
    return std::chrono::duration_cast<milliseconds>(stage_.clock.steady_now() - entry.first->second);
  }

  // What the channel is to be told now, and how long the first message may wait.
  std::map<std::string, milliseconds> wanted_by(const ChannelPolicy& channel) const {
    std::map<std::string, milliseconds> result;
    std::vector<FiringAlert> firing;
    for (const auto& entry : stage_.alerts) {
      const Level level = *entry.second.state.firing();
      firing.push_back({&entry.second, level, RoutingLabels(entry.second, level)});
    }
    const WallTime now = stage_.clock.wall_now();
    const Suppressions suppressions(stage_.options, stage_.wishes, firing, now);
    const Destinations destinations(stage_.options, stage_.channels, now);
    for (const FiringAlert& alert : firing) {
      for (const Destination& to : destinations.of(alert.labels, alert.level)) {
        if (to.channel->name == channel.name && to.open() && !suppressions.of(alert) && !stage_.hold)
          result.emplace(alert.alert->id, to.route->wait);
      }
    }
    return result;
  }

  void restart() {
    stage_.state = RoutingStore(store_).load(stage_.clock.steady_now(), stage_.clock.wall_now());
    if (!std::exchange(jumped_, false)) return;
    missing_since_.clear();
    over_since_.clear();
  }

  void finish() {
    stage_.hold = false;
    while (!stage_.alerts.empty()) stage_.end(stage_.alerts.begin()->first);
    evaluate(0ms);
    for (const auto& [channel, receiver] : receivers_) EXPECT_EQ(receiver.open(), 0U) << channel;
    EXPECT_TRUE(stage_.state.incidents.empty());
    EXPECT_TRUE(stage_.state.waiting.empty());
  }

  std::mt19937 random_;
  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  AlertStore alert_store_{store_};
  RoutingStore routing_store_{store_};
  RoutingStage stage_{"", {grouped_channel("chat"), pager_channel("pager"), manager()}};
  std::string text_;
  std::map<std::string, Receiver> receivers_;
  Since missing_since_;  // by channel and alert
  Since over_since_;
  bool jumped_ = false;

  static ChannelPolicy manager() {
    ChannelPolicy policy = pager_channel("manager", Level::warning);
    policy.level_in_key = false;
    policy.refresh_every = 1min;
    return policy;
  }
};

TEST(RoutingProperties, InRandomHistoriesNothingIsLostToldTwiceOrLeftOpen) {
  for (unsigned seed = 0; seed < 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRouting(seed).run(120);
  }
}

}  // namespace
}  // namespace pgvigil
