#include "alerts/routing/silence_store.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/routing/stage.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

class SilenceStoreTest : public testing::Test {
 protected:
  Silence silence(const std::string& match, milliseconds duration) const {
    Silence result;
    result.match = make_matchers(match);
    result.author = "ann";
    result.reason = "upgrade";
    result.created = clock_.wall_now();
    result.ends = result.created + duration;
    return result;
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  SilenceStore silences_{store_};
  FakeClock clock_;
};

TEST_F(SilenceStoreTest, WhatAnotherProcessAddsIsInForceAtTheNextLook) {
  EXPECT_TRUE(silences_.in_force(clock_.wall_now()).silences.empty());
  LocalStore other(folder_ / "state.db", LocalStore::Schema::as_it_is);
  SilenceStore from_outside(other);
  const auto id = from_outside.add(silence("rule=\"disk\"", 1h));
  const auto& wishes = silences_.in_force(clock_.wall_now());
  ASSERT_EQ(wishes.silences.size(), 1U);
  EXPECT_EQ(wishes.silences[0].id, id);
  EXPECT_EQ(wishes.silences[0].match.text(), "rule=\"disk\"");
  EXPECT_EQ(wishes.silences[0].author, "ann");
  EXPECT_TRUE(from_outside.end(id, clock_.wall_now()));
  EXPECT_FALSE(from_outside.end(id, clock_.wall_now())) << "it has ended already";
  EXPECT_TRUE(silences_.in_force(clock_.wall_now()).silences.empty());
}

TEST_F(SilenceStoreTest, ASilenceEndsByItself) {
  silences_.add(silence("rule=\"disk\"", 1h));
  EXPECT_EQ(silences_.in_force(clock_.wall_now() + 59min).silences.size(), 1U);
  EXPECT_TRUE(silences_.in_force(clock_.wall_now() + 1h).silences.empty());
  EXPECT_TRUE(silences_.all(clock_.wall_now() + 1h).empty());
}

TEST_F(SilenceStoreTest, OneThatBeginsLaterIsListedButNotInForce) {
  Silence later = silence("rule=\"disk\"", 2h);
  later.starts = clock_.wall_now() + 1h;
  silences_.add(later);
  EXPECT_EQ(silences_.all(clock_.wall_now()).size(), 1U);
  EXPECT_TRUE(silences_.in_force(clock_.wall_now()).silences.empty());
  EXPECT_EQ(silences_.in_force(clock_.wall_now() + 1h).silences.size(), 1U);
}

TEST_F(SilenceStoreTest, OneThatCannotBeReadHidesNoOther) {
  silences_.add(silence("rule=\"disk\"", 1h));
  store_.transaction(
      [&](LocalStore::Transaction& transaction) { transaction.execute("UPDATE silence SET match = 'what is this'"); });
  silences_.add(silence("rule=\"lag\"", 1h));
  EXPECT_EQ(silences_.in_force(clock_.wall_now()).silences.size(), 1U);
}

TEST_F(SilenceStoreTest, AnAcknowledgementIsForgottenWithItsAlert) {
  silences_.acknowledge({"a", Level::warning, "ann", "on it", clock_.wall_now() + 1h, clock_.wall_now()});
  silences_.acknowledge({"a", Level::critical, "bob", "me too", clock_.wall_now() + 2h, clock_.wall_now()});
  const auto& wishes = silences_.in_force(clock_.wall_now());
  ASSERT_EQ(wishes.acknowledgements.size(), 1U);
  EXPECT_EQ(wishes.acknowledgements.at("a").author, "bob");
  store_.transaction([](LocalStore::Transaction& transaction) { SilenceStore::forget_alert(transaction, "a"); });
  EXPECT_TRUE(silences_.in_force(clock_.wall_now()).acknowledgements.empty());
}

TEST_F(SilenceStoreTest, AProgramOfAnotherVersionLeavesTheTablesAlone) {
  store_.transaction([](LocalStore::Transaction& transaction) {
    transaction.execute("UPDATE schema_version SET version = version - 1 WHERE part = 'silences'");
  });
  LocalStore other(folder_ / "state.db", LocalStore::Schema::as_it_is);
  EXPECT_THROW(SilenceStore{other}, Error);
  EXPECT_THROW(LocalStore(folder_ / "none.db", LocalStore::Schema::as_it_is), Error);
}

}  // namespace
}  // namespace pgvigil
