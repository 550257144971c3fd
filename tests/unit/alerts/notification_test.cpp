#include "alerts/notification.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "core/json.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

Notification full() {
  Notification result = storm(3);
  result.sequence = 7;
  result.repeat = true;
  result.more_firing = 4;
  result.more_over = 5;
  result.fallback = {"mail", "sms"};
  AlertNews& news = result.alerts.back();
  news.firing = false;
  news.flapping = true;
  news.previous = Level::critical;
  news.reason = Reason::subject_gone;
  news.ended = noon;
  return result;
}

TEST(Notifications, ComeBackFromTheirStoredFormUnchanged) {
  const Notification read = Notification::from_json(full().to_json());
  EXPECT_EQ(read.to_json(), full().to_json());
  EXPECT_EQ(read.sequence, 7U);
  EXPECT_EQ(read.group, full().group);
  EXPECT_EQ(read.fallback, full().fallback);
  EXPECT_EQ(read.alerts.size(), 3U);
  EXPECT_EQ(read.alerts.back().ended, noon);
  EXPECT_EQ(read.alerts.back().reason, Reason::subject_gone);
  EXPECT_EQ(read.alerts.front().announcement, full().alerts.front().announcement);
}

TEST(Notifications, KeepValuesThatJsonLacks) {
  Notification one = trigger();
  for (const std::optional<double> value :
       {std::optional(std::numeric_limits<double>::infinity()), std::optional(-std::numeric_limits<double>::infinity()),
        std::optional<double>()}) {
    one.alerts.front().value = value;
    EXPECT_EQ(Notification::from_json(one.to_json()).alerts.front().value, value);
  }
}

TEST(Notifications, ListNoMoreThanAHundredAlertsAndCountTheRest) {
  Notification many = storm(250);
  many.more_over = 2;
  for (std::size_t i = 240; i < 250; ++i) many.alerts[i].firing = false;
  const Notification read = Notification::from_json(many.to_json());
  EXPECT_EQ(read.alerts.size(), max_alerts_listed);
  EXPECT_EQ(read.more_firing, 140U);
  EXPECT_EQ(read.more_over, 12U);
}

TEST(Notifications, AreBoundedWhateverTheyAreMadeOf) {
  Notification huge = storm(100);
  for (AlertNews& news : huge.alerts) news = filled_with(std::string(5000, '"')).alerts.front();
  const std::string text = huge.to_json();
  EXPECT_LT(text.size(), 1'000'000U);
  const Notification read = Notification::from_json(text);
  EXPECT_GE(read.alerts.size(), 1U);
  EXPECT_EQ(read.alerts.size() + read.more_firing, 100U);
}

TEST(Notifications, AreNotReadFromAnythingElse) {
  for (const char* text : {"", "{", "{}", "[]", "7", R"({"channel":"c","alerts":[]})", R"({"channel":"c","key":"k"})",
                           R"({"channel":"c","key":"k","level":"warning","alerts":[]})",
                           R"({"channel":"c","key":"k","level":"nonsense","alerts":[{}]})"}) {
    EXPECT_THROW(Notification::from_json(text), Error) << text;
  }
}

TEST(Notifications, OfALaterVersionAreReadAsFarAsTheyAreKnown) {
  std::string text = trigger().to_json();
  const std::string known = R"("reason":"condition")";
  text.replace(text.find(known), known.size(), R"("reason":"moon-phase","colour":"red")");
  EXPECT_EQ(Notification::from_json(text).alerts.front().reason, Reason::condition);
}

}  // namespace
}  // namespace pgvigil
