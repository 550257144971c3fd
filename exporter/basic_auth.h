#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/secret.h"
#include "core/token_bucket.h"

namespace pgvigil {

// Users and their bcrypt hashes, as HTTP basic authentication (RFC 7617) asks for them. A password that was right once
// is recognised by a keyed digest afterwards, so that a scrape does not cost a hash. Hashing is made one at a time and
// rationed by peer and in all: wrong passwords can neither be tried fast nor take the processor from the database.
// What was right once is not rationed. Any thread.
class BasicAuth {
 public:
  enum class Verdict {
    allowed,
    denied,   // no credentials, or wrong ones
    limited,  // too many wrong ones lately: these were not looked at
  };
  using Matches = std::function<bool(const std::string& password, const std::string& hash)>;
  using Users = std::map<std::string, Secret>;

  // `matches` is bcrypt's; it is an argument so that tests can count its calls.
  BasicAuth(Users users, Matches matches, SteadyTime now);

  // `authorization` is the header's value, "" when there is none.
  Verdict check(std::string_view authorization, const std::string& peer, SteadyTime now);

 private:
  struct Credentials {
    std::string user;
    std::string password;
  };
  static std::optional<Credentials> parse(std::string_view authorization);

  std::string digest(const Credentials& credentials) const;
  bool known_good(const Credentials& credentials);
  bool take_turn(const std::string& peer, SteadyTime now);
  void return_turn(const std::string& peer);
  bool hash_matches(const Credentials& credentials);

  const Users users_;
  const std::string nobody_;  // what the password of an unknown user is compared with
  const Matches matches_;
  const std::string key_;                    // random: a digest says nothing without it
  std::mutex mutex_;                         // guards good_, peers_ and all_
  std::map<std::string, std::string> good_;  // a digest for each user who was let in
  std::map<std::string, TokenBucket> peers_;
  TokenBucket all_;
  std::mutex hashing_;  // held while a hash is made; guards nothing else
};

}  // namespace pgvigil
