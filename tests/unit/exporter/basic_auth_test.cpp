#include "exporter/basic_auth.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/base64.h"
#include "exporter/bcrypt.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using Verdict = BasicAuth::Verdict;

// Made with `htpasswd -nbBC 4 x PASSWORD`: cost 4 is fast.
constexpr auto hash_of_secret = "$2y$04$9X5hxNZ1ueVw2xzMCrgC9u7NXpzFmXgxrWg4E2E/Bj6PV1BfmtRsq";
constexpr auto hash_of_nothing = "$2y$04$1BMKGqjEzsOuaUkwtdIS2umHnhpDCHo8tYpuHBBvDg0AnV0MxpHza";
constexpr auto hash_of_unicode = "$2y$04$p7r7KX6sgVqnig4v8UneMu0bHwy3nWn/kuQKE7a4Ykamfknk0ysCy";

TEST(Bcrypt, KnowsThePasswordsOfHtpasswd) {
  EXPECT_TRUE(bcrypt_matches("secret", hash_of_secret));
  EXPECT_FALSE(bcrypt_matches("Secret", hash_of_secret));
  EXPECT_FALSE(bcrypt_matches("", hash_of_secret));
  EXPECT_FALSE(bcrypt_matches(std::string("secret\0junk", 11), hash_of_secret));
  EXPECT_TRUE(bcrypt_matches("", hash_of_nothing));
  EXPECT_TRUE(bcrypt_matches("pässwörd:with:colons", hash_of_unicode));
}

TEST(Bcrypt, KnowsItsHashes) {
  EXPECT_TRUE(is_bcrypt_hash(hash_of_secret));
  for (const char* text : {"", "secret", "$apr1$x$y", "$6$salt$abc", "$2y$10$short",
                           "$2y$03$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                           "$2y$32$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                           "$2z$10$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                           "$2y$10$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!"})
    EXPECT_FALSE(is_bcrypt_hash(text)) << text;
}

TEST(Base64, IsReadStrictly) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("YQ=="), "a");
  EXPECT_EQ(decode_base64("YWI="), "ab");
  EXPECT_EQ(decode_base64("YWJj"), "abc");
  EXPECT_EQ(decode_base64("/+8A"), std::string("\xFF\xEF\0", 3));
  for (const char* text : {"YQ", "YQ=", "Y===", "====", "YQ==YQ==", "Y Q=", "YQ-_"})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

class BasicAuths : public testing::Test {
 protected:
  // "alice:secret" and so on, in base64.
  static constexpr auto right = "Basic YWxpY2U6c2VjcmV0";
  static constexpr auto right_too = "Basic Ym9iOmJvYnNlY3JldA==";
  static constexpr auto wrong = "Basic YWxpY2U6d3Jvbmc=";
  static constexpr auto nobody = "Basic bWFsbG9yeTpzZWNyZXQ=";

  Verdict check(const char* authorization, SteadyTime::duration after = 0s, const char* peer = "192.0.2.1") {
    return auth_.check(authorization, peer, start_ + after);
  }

  const SteadyTime start_{1000h};
  std::atomic<int> hashes_ = 0;
  BasicAuth auth_{{{"alice", Secret("secret")}, {"bob", Secret("bobsecret")}},
                  [this](const std::string& password, const std::string& hash) {
                    ++hashes_;
                    return password == hash;
                  },
                  start_};
};

TEST_F(BasicAuths, LetInWhoHasThePassword) {
  EXPECT_EQ(check(right), Verdict::allowed);
  EXPECT_EQ(check(right_too), Verdict::allowed);
  EXPECT_EQ(check("basic  YWxpY2U6c2VjcmV0 "), Verdict::allowed);
}

TEST_F(BasicAuths, RefuseEverybodyElse) {
  for (const char* authorization : {"", "Basic", "Basic ", "Basic !", "Bearer YWxpY2U6c2VjcmV0",
                                    "Basic YWxpY2U=", "YWxpY2U6c2VjcmV0", wrong, nobody})
    EXPECT_EQ(check(authorization), Verdict::denied) << authorization;
}

TEST_F(BasicAuths, HashARightPasswordOnce) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(check(right), Verdict::allowed);
  EXPECT_EQ(hashes_, 1);
}

TEST_F(BasicAuths, HashForAnUnknownUserToo) {
  check(nobody);
  EXPECT_EQ(hashes_, 1);
}

TEST_F(BasicAuths, DoNotTakeOneUsersPasswordForAnothers) {
  ASSERT_EQ(check(right), Verdict::allowed);
  EXPECT_EQ(check("Basic Ym9iOnNlY3JldA=="), Verdict::denied);  // bob:secret
}

TEST_F(BasicAuths, RationWrongPasswordsAndStopHashingThem) {
  int denied = 0;
  for (int i = 0; i < 1000; ++i) denied += check(wrong) == Verdict::denied ? 1 : 0;
  EXPECT_EQ(denied, hashes_);
  EXPECT_EQ(denied, 10);
  EXPECT_EQ(check(wrong), Verdict::limited);
  EXPECT_EQ(check(wrong, 6s), Verdict::denied);
  EXPECT_EQ(check(wrong, 6s), Verdict::limited);
}

TEST_F(BasicAuths, LetInWhoWasRightBeforeWhileWrongOnesAreRationed) {
  ASSERT_EQ(check(right), Verdict::allowed);
  for (int i = 0; i < 100; ++i) check(wrong);
  EXPECT_EQ(check(right), Verdict::allowed);
  EXPECT_EQ(check(right_too), Verdict::limited);  // not known yet: would cost a hash
  EXPECT_EQ(check(right_too, 0s, "192.0.2.2"), Verdict::allowed);
}

TEST_F(BasicAuths, RationWrongPasswordsOfManyPeersInAll) {
  for (int i = 0; i < 5000; ++i) check(wrong, 0s, ("192.0.2." + std::to_string(i)).c_str());
  EXPECT_EQ(hashes_, 20);
}

TEST_F(BasicAuths, HashForOneAtATime) {
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  BasicAuth auth(
      {{"alice", Secret("secret")}},
      [&](const std::string&, const std::string&) {
        most = std::max(most.load(), ++inside);
        std::this_thread::yield();
        --inside;
        return false;
      },
      start_);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&auth, this, i] {
      for (int n = 0; n < 5; ++n) auth.check(wrong, "192.0.2." + std::to_string(i), start_);
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace pgvigil
