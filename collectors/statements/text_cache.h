#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace pgvigil {

// The texts of exported statements, and when to ask the server for those that are missing. A read with texts is
// expensive whatever it selects (the server loads the file with all of them, and spills it), so it is made for new
// statements only, seldom, and not right after a read that was slow already; after one that failed, twice as seldom.
// Never reads itself. Bounded: what is not exported is forgotten, and beyond `all_bytes` texts are not kept. One thread
// at a time.
class StatementTexts {
 public:
  struct Limits {
    std::size_t text_bytes = 1000;
    std::size_t all_bytes = std::size_t{1} << 20U;
    milliseconds every{std::chrono::minutes(10)};
    milliseconds slow_read{250};
    milliseconds longest_pause{std::chrono::hours(6)};
  };

  explicit StatementTexts(const Limits& limits) : limits_(limits), pause_(limits.every) {}

  // The statements whose texts to ask for now; empty: none. `last_read` is how long the read without texts took.
  std::vector<std::int64_t> due(SteadyTime now, const std::set<std::int64_t>& exported, milliseconds last_read) const;
  void answered(SteadyTime now);
  void failed(SteadyTime now);

  void keep(std::int64_t query, std::string_view raw);
  void retain(const std::set<std::int64_t>& exported);

  const std::map<std::int64_t, std::string>& all() const { return texts_; }
  std::size_t bytes() const { return bytes_; }
  // How many characters of a text are of use: what is longer need not be sent.
  std::size_t text_bytes() const { return limits_.text_bytes; }

 private:
  Limits limits_;
  milliseconds pause_;
  std::optional<SteadyTime> asked_at_;
  std::map<std::int64_t, std::string> texts_;
  std::size_t bytes_ = 0;
};

}  // namespace pgvigil
