#include "exporter/basic_auth.h"

#include <sys/random.h>

#include <array>

#include "core/base64.h"
#include "core/error.h"
#include "core/sha256.h"
#include "core/text.h"
#include "exporter/equal_secrets.h"

namespace pgvigil {

namespace {

// Wrong passwords: a person mistypes some times, a scraper whose password was changed tries every few seconds.
constexpr double peer_burst = 10;
constexpr auto peer_interval = seconds(6);
// In all: at some 50 ms a hash, a twentieth of a processor.
constexpr double all_burst = 20;
constexpr auto all_interval = seconds(1);
constexpr std::size_t most_peers = 1000;

// A hash of no password, as dear as the users' are: an unknown user must cost the same time, or it would tell who there
// is.
std::string nobody_like(const BasicAuth::Users& users) {
  std::string hash = "$2y$10$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  if (!users.empty() && users.begin()->second.reveal().size() == hash.size())
    hash.replace(4, 2, users.begin()->second.reveal(), 4, 2);
  return hash;
}

std::string random_key() {
  std::array<char, 32> key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    throw Error(Error::Kind::unavailable, "the system gives no random numbers");
  return {key.data(), key.size()};
}

}  // namespace

BasicAuth::BasicAuth(Users users, Matches matches, SteadyTime now)
    : users_(std::move(users)),
      nobody_(nobody_like(users_)),
      matches_(std::move(matches)),
      key_(random_key()),
      all_(all_burst, all_interval, now) {}

std::optional<BasicAuth::Credentials> BasicAuth::parse(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos || lower(authorization.substr(0, space)) != "basic") return std::nullopt;
  const auto text = decode_base64(trim(authorization.substr(space + 1)));
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::string BasicAuth::digest(const Credentials& credentials) const {
  Sha256 hash;
  hash.update(key_);
  hash.update(std::to_string(credentials.user.size()) + ":");
  hash.update(credentials.user);
  hash.update(credentials.password);
  return hash.finish();
}

bool BasicAuth::known_good(const Credentials& credentials) {
  const std::string mine = digest(credentials);
  const std::lock_guard lock(mutex_);
  const auto found = good_.find(credentials.user);
  return found != good_.end() && equal_secrets(found->second, mine);
}

bool BasicAuth::take_turn(const std::string& peer, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (peers_.size() >= most_peers) std::erase_if(peers_, [now](const auto& entry) { return entry.second.full(now); });
  if (peers_.size() >= most_peers && !peers_.contains(peer)) return false;
  TokenBucket& mine = peers_.try_emplace(peer, peer_burst, peer_interval, now).first->second;
  if (!mine.take(now)) return false;
  if (all_.take(now)) return true;
  mine.give_back();
  return false;
}

void BasicAuth::return_turn(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  all_.give_back();
  if (const auto found = peers_.find(peer); found != peers_.end()) found->second.give_back();
}

bool BasicAuth::hash_matches(const Credentials& credentials) {
  const auto user = users_.find(credentials.user);
  const std::string hash = user == users_.end() ? nobody_ : user->second.reveal();
  const std::lock_guard lock(hashing_);
  return matches_(credentials.password, hash) && user != users_.end();
}

BasicAuth::Verdict BasicAuth::check(std::string_view authorization, const std::string& peer, SteadyTime now) {
  const auto credentials = parse(authorization);
  if (!credentials) return Verdict::denied;
  if (known_good(*credentials)) return Verdict::allowed;
  if (!take_turn(peer, now)) return Verdict::limited;
  if (!hash_matches(*credentials)) return Verdict::denied;
  return_turn(peer);
  const std::string mine = digest(*credentials);
  const std::lock_guard lock(mutex_);
  good_[credentials->user] = mine;
  return Verdict::allowed;
}

}  // namespace pgvigil
