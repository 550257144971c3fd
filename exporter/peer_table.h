#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace pgvigil {

// Which of our own connections to a private listener on 127.0.0.1 stands for which peer, by the port that it comes
// from. Anybody on this host can connect to that listener; who is not in this table did not come through us, and has
// shown no certificate. A port is entered while we hold it and taken out before we let go of it, so nobody else can
// come from it meanwhile. Any thread.
class PeerTable {
 public:
  void enter(int port, std::string peer) {
    const std::lock_guard lock(mutex_);
    peers_.insert_or_assign(port, std::move(peer));
  }
  void remove(int port) {
    const std::lock_guard lock(mutex_);
    peers_.erase(port);
  }
  std::optional<std::string> find(std::string_view address, int port) const {
    const std::lock_guard lock(mutex_);
    const auto found = peers_.find(port);
    return found == peers_.end() || address != "127.0.0.1" ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;  // guards peers_
  std::map<int, std::string> peers_;
};

}  // namespace pgvigil
