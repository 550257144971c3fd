#include "alerts/outbox.h"

#include <gtest/gtest.h>

#include "alerts/outbox_room.h"
#include "core/error.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

using std::chrono::hours;

const WallTime start = noon;

class OutboxTest : public testing::Test {
 protected:
  static Notification message(const std::string& channel, const std::string& key, const std::string& says,
                              std::uint64_t sequence = 1) {
    Notification result = trigger();
    result.channel = channel;
    result.key = key;
    result.sequence = sequence;
    result.alerts.front().rule = says;
    return result;
  }
  static Notification end_of(Notification opened) {
    Notification result = resolve();
    result.channel = opened.channel;
    result.key = opened.key;
    result.level = opened.level;
    return result;
  }

  void add(const std::vector<Notification>& messages, const Outbox::Limits& limits = {}) {
    store_.transaction([&](LocalStore::Transaction& transaction) {
      for (const Notification& one : messages) Outbox::append(transaction, one, limits);
    });
  }
  std::optional<Outbox::Row> next(std::string_view channel, WallTime now = start + std::chrono::minutes(5)) {
    auto rows = outbox_.next(channel, now, 1);
    return rows.empty() ? std::nullopt : std::optional(rows.front());
  }
  static DeliveryAttempt attempt(const Outbox::Row& row, const std::string& outcome = "delivered") {
    return {start, row.notification.channel, row.notification.key, "about", outcome, 200, "", "why", milliseconds(5)};
  }
  // What the message says that the channel gets next, and that message is then delivered.
  std::string deliver(std::string_view channel, WallTime now = start + std::chrono::minutes(5)) {
    const auto row = next(channel, now);
    if (!row) return "";
    outbox_.delivered(*row, attempt(*row), std::nullopt);
    return row->notification.alerts.front().rule;
  }
  void postpone(const Outbox::Row& row, WallTime until) {
    outbox_.postpone(row, until, attempt(row, "failed"), std::nullopt);
  }
  std::vector<std::string> keys(std::string_view channel) {
    std::vector<std::string> result;
    for (const auto& row : outbox_.next(channel, start + hours(1), 100)) result.push_back(row.notification.key);
    return result;
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  Outbox outbox_{store_};
};

TEST_F(OutboxTest, TheNewestMessageOfAKeyTakesThePlaceOfAnUndeliveredOne) {
  add({message("slack", "a", "first"), message("slack", "a", "second", 2)});
  EXPECT_EQ(outbox_.backlog("slack").pending, 1);
  EXPECT_EQ(deliver("slack"), "second");
  EXPECT_EQ(deliver("slack"), "");
}

TEST_F(OutboxTest, TheEndOfWhatNobodyHeardOfTellsThatToo) {
  const Notification opened = message("slack", "a", "r");
  add({opened, end_of(opened)});
  EXPECT_TRUE(next("slack")->missed_opening);
  deliver("slack");
  add({message("slack", "b", "r")});
  deliver("slack");
  add({end_of(message("slack", "b", "r"))});
  EXPECT_FALSE(next("slack")->missed_opening) << "this opening was delivered";
}

TEST_F(OutboxTest, ANewMessageDoesNotShortenTheWaitOfItsKey) {
  add({message("slack", "a", "first")});
  postpone(*next("slack"), start + std::chrono::minutes(30));
  add({message("slack", "a", "second", 2)});
  EXPECT_FALSE(next("slack").has_value());
  EXPECT_EQ(next("slack", start + std::chrono::minutes(30))->attempts, 1);
  EXPECT_EQ(deliver("slack", start + std::chrono::minutes(30)), "second");
}

TEST_F(OutboxTest, AMessageThatCameWhileAnotherWasUnderWayIsStillOwed) {
  add({message("slack", "a", "first")});
  const auto under_way = next("slack");
  add({message("slack", "a", "second", 2)});
  outbox_.delivered(*under_way, attempt(*under_way), std::nullopt);
  EXPECT_EQ(deliver("slack"), "second");
  add({message("slack", "b", "first")});
  const auto given_up = next("slack");
  add({message("slack", "b", "second", 2)});
  outbox_.bury(*given_up, attempt(*given_up, "dead"));
  EXPECT_EQ(deliver("slack"), "second");
}

TEST_F(OutboxTest, AReminderThatReplacesNewsIsNews) {
  Notification reminder = message("slack", "a", "r", 2);
  reminder.repeat = true;
  add({message("slack", "a", "r"), reminder});
  add({message("slack", "b", "r"), message("slack", "c", "r")}, {2, 1'000'000});
  EXPECT_EQ(outbox_.evicted().at("reminder"), 0);
}

TEST_F(OutboxTest, AMessageThatIsRefusedHoldsUpNoOther) {
  add({message("slack", "a", "refused"), message("slack", "b", "other")});
  postpone(*next("slack"), start + std::chrono::minutes(30));
  EXPECT_EQ(deliver("slack"), "other");
  EXPECT_EQ(outbox_.next_due("slack"), start + std::chrono::minutes(30));
}

TEST_F(OutboxTest, ChannelsHaveNothingToDoWithEachOther) {
  add({message("slack", "a", "for slack"), message("pager", "a", "for pager")});
  EXPECT_EQ(deliver("pager"), "for pager");
  EXPECT_EQ(deliver("pager"), "");
  EXPECT_EQ(deliver("slack"), "for slack");
}

TEST_F(OutboxTest, SeveralKeysCanBeTakenAtOnce) {
  for (int i = 0; i < 5; ++i) add({message("am", std::to_string(i), "r")});
  EXPECT_EQ(outbox_.next("am", start, 3).size(), 3U);
  EXPECT_EQ(outbox_.next("am", start, 10).size(), 5U);
}

TEST_F(OutboxTest, AWallClockThatJumpsBackDelaysNothingForLong) {
  add({message("slack", "a", "r")});
  postpone(*next("slack"), start + std::chrono::minutes(30));
  EXPECT_EQ(deliver("slack", start - hours(24 * 365)), "r");
}

TEST_F(OutboxTest, DeadLettersAreKeptWithTheReason) {
  add({message("slack", "a", "dead")});
  outbox_.bury(*next("slack"), attempt(*next("slack"), "dead"));
  EXPECT_EQ(outbox_.backlog("slack").pending, 0);
  const auto dead = outbox_.dead_letters();
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_EQ(dead[0].key, "a");
  EXPECT_EQ(dead[0].why, "why");
  EXPECT_EQ(Notification::from_json(dead[0].body).alerts.front().rule, "dead");
}

TEST_F(OutboxTest, TheBacklogKnowsHowOldItIs) {
  EXPECT_EQ(outbox_.backlog("slack").pending, 0);
  Notification younger = message("slack", "a", "s", 2);
  younger.at = start + hours(1);
  add({message("slack", "a", "r"), younger});
  EXPECT_EQ(outbox_.backlog("slack").oldest, start);
}

TEST_F(OutboxTest, ADamagedMessageIsBuriedAndHoldsUpNothing) {
  store_.transaction([](LocalStore::Transaction& transaction) {
    transaction.execute(
        "INSERT INTO outbox (channel, key, resolve, critical, repeat, missed_opening, body, created_at, not_before,"
        " has_fallback) VALUES ('slack', 'a', 0, 0, 0, 1, '{', 0, 0, 1)");
  });
  add({message("slack", "b", "alive")});
  EXPECT_TRUE(outbox_.stranded("slack", 10).empty());
  EXPECT_EQ(deliver("slack"), "alive");
  EXPECT_EQ(outbox_.dead_letters().size(), 1U);
}

TEST_F(OutboxTest, WhatANotifierRemembersComesBackWithTheNextMessage) {
  add({message("slack", "a", "r")});
  outbox_.delivered(*next("slack"), attempt(*next("slack")), "ts 1");
  add({message("slack", "a", "r", 2), message("slack", "b", "r")});
  std::map<std::string, std::string> remembered;
  for (const auto& row : outbox_.next("slack", start, 10)) remembered[row.notification.key] = row.remembered;
  EXPECT_EQ(remembered, (std::map<std::string, std::string>{{"a", "ts 1"}, {"b", ""}}));
}

TEST_F(OutboxTest, EveryAttemptIsInTheHistory) {
  add({message("slack", "a", "r")});
  postpone(*next("slack"), start);
  deliver("slack");
  const auto history = DeliveryLog::recent(store_, 10);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].outcome, "delivered");
  EXPECT_EQ(history[1].outcome, "failed");
  EXPECT_EQ(history[1].status, 200);
  EXPECT_EQ(history[1].detail, "why");
  EXPECT_EQ(history[1].duration, milliseconds(5));
  EXPECT_EQ(DeliveryLog::recent(store_, 1).size(), 1U);
  EXPECT_TRUE(DeliveryLog::recent(store_, 10, "pager").empty());
}

TEST_F(OutboxTest, TheHistoryIsBounded) {
  store_.transaction([](LocalStore::Transaction& transaction) {
    for (std::int64_t i = 0; i < DeliveryLog::kept + 50; ++i)
      DeliveryLog::record(transaction, {start, "c", "k", "", "delivered", 0, "", "", milliseconds(0)});
  });
  EXPECT_EQ(DeliveryLog::recent(store_, 100'000).size(), static_cast<std::size_t>(DeliveryLog::kept));
}

TEST_F(OutboxTest, AFullQueueDropsTheLeastUrgentFirst) {
  Notification critical = message("c", "critical", "r");
  critical.level = Level::critical;
  Notification reminder = message("c", "reminder", "r", 3);
  reminder.repeat = true;
  Notification owed = end_of(message("c", "owed end", "r"));
  Notification unheard = message("c", "unheard end", "r");
  const std::vector<Notification> all{
      critical, message("c", "trigger", "r"), unheard, end_of(unheard), message("c", "change", "r", 2), reminder, owed};
  add(all);
  ASSERT_EQ(outbox_.backlog("c").pending, 6);
  const std::vector<std::string> order{"reminder", "change", "unheard end", "trigger"};
  std::int64_t room = 6;
  for (const std::string& gone : order) {
    add({critical}, {--room, 1'000'000});
    const auto left = keys("c");
    EXPECT_EQ(std::count(left.begin(), left.end(), gone), 0) << gone;
    EXPECT_EQ(left.size(), static_cast<std::size_t>(room));
  }
  add({critical}, {1, 1'000'000});
  EXPECT_EQ(keys("c"), (std::vector<std::string>{"critical", "owed end"})) << "these always stay";
  EXPECT_EQ(outbox_.evicted(),
            (std::map<std::string, std::int64_t>{{"reminder", 1}, {"change", 1}, {"resolve", 1}, {"trigger", 1}}));
}

TEST_F(OutboxTest, TheEndOfWhatMayHaveArrivedIsNeverDropped) {
  const Notification opened = message("c", "a", "r");
  add({opened});
  postpone(*next("c"), start);
  add({end_of(opened), message("c", "b", "r")}, {1, 1'000'000});
  EXPECT_EQ(keys("c"), (std::vector<std::string>{"a"}));
}

TEST_F(OutboxTest, TheQueueIsBoundedInBytesToo) {
  Notification large = message("c", "large", "r");
  large.alerts.front().announcement.description = std::string(3000, 'x');
  add({large});
  add({message("c", "small", "r")}, {100, 3000});
  EXPECT_EQ(keys("c"), (std::vector<std::string>{"small"}));
}

TEST_F(OutboxTest, ALargeBacklogIsTrimmedInOneTransaction) {
  std::vector<Notification> many;
  for (int i = 0; i < 1500; ++i) many.push_back(message("c", std::to_string(i), "r"));
  add(many, {1000, 100'000'000});
  EXPECT_LE(outbox_.backlog("c").pending, 1000);
  EXPECT_GE(outbox_.backlog("c").pending, 980);
  EXPECT_EQ(outbox_.evicted().at("trigger") + outbox_.backlog("c").pending, 1500);
}

TEST_F(OutboxTest, WhoTookAMessageOverHearsHowItEnds) {
  Notification opened = message("pager", "a", "r");
  opened.fallback = {"mail"};
  add({opened});
  ASSERT_EQ(outbox_.stranded("pager", 10).size(), 1U);
  outbox_.pass_on(outbox_.stranded("pager", 10).front(), {"mail"}, attempt(*next("pager"), "fallback"));
  EXPECT_TRUE(outbox_.stranded("pager", 10).empty()) << "once";
  EXPECT_TRUE(next("mail")->notification.fallback.empty());
  EXPECT_EQ(deliver("mail"), "r");
  // The pager works again and gets both.
  deliver("pager");
  Notification end = end_of(opened);
  end.fallback = {"mail"};
  add({end});
  EXPECT_FALSE(next("mail").has_value());
  deliver("pager");
  EXPECT_EQ(next("mail")->notification.kind, Notification::Kind::resolve);
  EXPECT_FALSE(next("mail")->missed_opening);
  deliver("mail");
  add({end});
  deliver("pager");
  EXPECT_FALSE(next("mail").has_value()) << "told twice";
}

TEST_F(OutboxTest, WhoTookTheBeginningAlsoGetsTheEndThatIsPassedOn) {
  Notification opened = message("pager", "a", "r");
  opened.fallback = {"mail", "sms"};
  add({opened});
  outbox_.pass_on(*next("pager"), {"mail"}, attempt(*next("pager"), "fallback"));
  deliver("mail");
  Notification end = end_of(opened);
  end.fallback = {"mail", "sms"};
  add({end});
  outbox_.pass_on(outbox_.stranded("pager", 10).front(), {"sms"}, attempt(*next("pager"), "fallback"));
  EXPECT_EQ(next("mail")->notification.kind, Notification::Kind::resolve);
  EXPECT_FALSE(next("sms").has_value()) << "who never heard of it need not hear that it is over";
}

TEST_F(OutboxTest, NoFileHoldsASecret) {
  // The outbox gets notifications only, which have no address; this guards the tables against one.
  add({message("slack", "a", "r")});
  postpone(*next("slack"), start);
  const std::string bytes = slurp(folder_ / "state.db") + slurp(folder_ / "state.db-wal");
  EXPECT_EQ(bytes.find("http"), std::string::npos);
}

class OldOutbox : public testing::Test {
 protected:
  // As version 0.1 made it.
  void make_old_store() {
    LocalStore store(folder_ / "state.db");
    store.migrate("outbox", {"CREATE TABLE outbox ("
                             " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                             " channel TEXT NOT NULL,"
                             " alert TEXT NOT NULL,"
                             " body TEXT NOT NULL,"
                             " created_at INTEGER NOT NULL,"
                             " attempts INTEGER NOT NULL DEFAULT 0,"
                             " not_before INTEGER NOT NULL,"
                             " dead_at INTEGER,"
                             " why_dead TEXT)",
                             "CREATE INDEX outbox_order ON outbox (channel, alert, id)"});
    store.transaction([](LocalStore::Transaction& transaction) {
      const auto add = [&](const std::string& alert, const std::string& body, const std::string& dead) {
        transaction
            .prepare(
                "INSERT INTO outbox (channel, alert, body, created_at, not_before, dead_at, why_dead)"
                " VALUES ('slack', ?, ?, 5, 5, " +
                dead + ")")
            .bind(alert)
            .bind(body)
            .step();
      };
      add("a", body("trigger", "warning"), "NULL, NULL");
      add("a", body("resolve", "warning"), "NULL, NULL");
      add("b", body("trigger", "critical"), "NULL, NULL");
      add("c", "{damaged", "NULL, NULL");
      add("d", body("trigger", "warning"), std::to_string(noon.time_since_epoch().count()) + ", 'too old'");
    });
  }
  static std::string body(const std::string& kind, const std::string& level) {
    return R"({"channel":"slack","alert":"id","rule":"disk-used","instance":"db1","kind":")" + kind + R"(","level":")" +
           level +
           R"(","previous":null,"reason":"condition","value":93.5,"since":1000000,"at":9000000,"announcement":)"
           R"({"subject":"data","labels":{"volume":"data"},"summary":"93% full","description":"","runbook":""}})";
  }
  TempDir folder_;
};

TEST_F(OldOutbox, RowsOfTheFirstFormAreStillDelivered) {
  make_old_store();
  LocalStore store(folder_ / "state.db");
  Outbox outbox(store);
  const auto rows = outbox.next("slack", noon, 10);
  ASSERT_EQ(rows.size(), 2U);
  const Notification& first = rows[0].notification;
  EXPECT_EQ(first.kind, Notification::Kind::resolve) << "the newest of its alert and level";
  EXPECT_EQ(first.alerts.front().announcement.summary, "93% full");
  EXPECT_EQ(first.alerts.front().value, 93.5);
  EXPECT_FALSE(first.alerts.front().firing);
  EXPECT_EQ(rows[1].notification.level, Level::critical);
  EXPECT_EQ(rows[1].notification.key.substr(0, 8), "pgvigil:");
  EXPECT_NE(rows[1].notification.key, first.key);
}

TEST_F(OldOutbox, DamagedAndDeadOnesEndNoStart) {
  make_old_store();
  LocalStore store(folder_ / "state.db");
  Outbox outbox(store);
  outbox.next("slack", noon, 10);
  std::vector<std::string> why;
  for (const auto& letter : outbox.dead_letters()) why.push_back(letter.why);
  ASSERT_EQ(why.size(), 2U);
  EXPECT_EQ(why[1], "too old");
  EXPECT_NE(why[0].find("not JSON"), std::string::npos);
  const Outbox again(store);
}

}  // namespace
}  // namespace pgvigil
