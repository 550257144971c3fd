#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "exporter/chunk.h"
#include "exporter/content_negotiation.h"

namespace pgvigil {

// What a scraper asks for.
struct PageKind {
  MetricsFormat format = MetricsFormat::prometheus;
  Encoding encoding = Encoding::identity;
  bool operator==(const PageKind&) const = default;
};

// The tasks' part of /metrics. A snapshot is written (and compressed) when it is published, in the kinds that scrapers
// asked for lately: one kind in most installations, and what nobody asks for takes no memory. A scrape only collects
// what is current; the first of its kind writes it. A family's name stands on the page once, in the first task that has
// it. Any thread.
class MetricsPage {
 public:
  // A kind that nobody asked for so long is no longer made in advance. Longer than any usual scrape interval.
  static constexpr milliseconds forgotten_after = std::chrono::minutes(15);

  MetricsPage();
  ~MetricsPage();

  void update(const SnapshotPtr& snapshot);

  // The chunks whose data is still current, in the order of the tasks' names.
  std::vector<ChunkPtr> current(PageKind kind, SteadyTime now);

  // Forgets tasks that are no more.
  void retain(const std::set<std::string>& tasks);

  // Series that were left out since the start because an equal one, or another task's family of that name, stood
  // beside them.
  std::uint64_t duplicates() const { return duplicates_; }

  // How many chunks are held in memory, of all kinds.
  std::size_t chunks_held() const;

 private:
  static constexpr std::size_t kinds = 4;
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  bool in_use(std::size_t kind, SteadyTime now) const;  // the caller holds mutex_
  ChunkPtr chunk(Entry& entry, std::size_t kind);
  void drop_unused(SteadyTime now);  // the caller holds mutex_
  void settle();                     // the same; after names changed: who has which

  mutable std::mutex mutex_;  // guards entries_ and asked_
  std::map<std::string, EntryPtr> entries_;
  std::array<std::optional<SteadyTime>, kinds> asked_;  // when each kind was asked for last
  std::atomic<std::uint64_t> duplicates_ = 0;
};

}  // namespace pgvigil
