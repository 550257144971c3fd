#include "exporter/metrics_page.h"

#include <algorithm>
#include <utility>

#include "exporter/text_format.h"

namespace pgvigil {

namespace {

std::size_t index_of(PageKind kind) {
  return (kind.format == MetricsFormat::openmetrics ? 2U : 0U) + (kind.encoding == Encoding::gzip ? 1U : 0U);
}

PageKind kind_at(std::size_t index) {
  return {index >= 2 ? MetricsFormat::openmetrics : MetricsFormat::prometheus,
          index % 2 == 1 ? Encoding::gzip : Encoding::identity};
}

// What Prometheus asks for: made in advance until a scraper came and showed what it wants.
const std::size_t first_guess = index_of({MetricsFormat::openmetrics, Encoding::gzip});

}  // namespace

// One task's newest data. Its chunks are made outside of the page's mutex, each kind once.
struct MetricsPage::Entry {
  struct Slot {
    std::mutex mutex;  // held while the chunk is made; guards it
    ChunkPtr chunk;
  };
  Entry(SnapshotPtr snapshot_, Neighbours neighbours_)
      : snapshot(std::move(snapshot_)), neighbours(std::move(neighbours_)) {}

  const SnapshotPtr snapshot;
  const Neighbours neighbours;
  std::array<Slot, kinds> slots;
  std::atomic<bool> duplicates_counted = false;
};

MetricsPage::MetricsPage() = default;
MetricsPage::~MetricsPage() = default;

bool MetricsPage::in_use(std::size_t kind, SteadyTime now) const {
  if (asked_[kind]) return now - *asked_[kind] <= forgotten_after;
  const auto asked = [](const auto& at) { return at.has_value(); };
  return kind == first_guess && std::none_of(asked_.begin(), asked_.end(), asked);
}

ChunkPtr MetricsPage::chunk(Entry& entry, std::size_t kind) {
  Entry::Slot& slot = entry.slots[kind];
  const std::lock_guard lock(slot.mutex);
  if (slot.chunk) return slot.chunk;
  ChunkMaker maker(kind_at(kind).encoding);
  PieceWriter out([&maker](std::string_view piece) { maker.append(piece); });
  const std::size_t duplicates = write_families(entry.snapshot->families, kind_at(kind).format, out, entry.neighbours);
  out.finish();
  if (!entry.duplicates_counted.exchange(true)) duplicates_ += duplicates;
  slot.chunk = maker.finish();
  return slot.chunk;
}

void MetricsPage::update(const SnapshotPtr& snapshot) {
  std::array<bool, kinds> wanted{};
  Neighbours neighbours;  // as they were for the task's last snapshot: mostly they still are
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t kind = 0; kind < kinds; ++kind) wanted[kind] = in_use(kind, snapshot->taken_at);
    const auto last = entries_.find(snapshot->task);
    if (last != entries_.end()) neighbours = last->second->neighbours;
  }
  const auto entry = std::make_shared<Entry>(snapshot, std::move(neighbours));
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    if (wanted[kind]) chunk(*entry, kind);
  }
  EntryPtr old;  // freed outside of the mutex: it may be large
  const std::lock_guard lock(mutex_);
  old = std::exchange(entries_[snapshot->task], entry);
  if (!old || !same_names(old->snapshot->families, snapshot->families) || old->neighbours != entry->neighbours)
    settle();
  drop_unused(snapshot->taken_at);
}

void MetricsPage::settle() {
  std::vector<const std::vector<Family>*> page;
  page.reserve(entries_.size());
  for (const auto& [task, entry] : entries_) page.push_back(&entry->snapshot->families);
  std::vector<Neighbours> neighbours = neighbours_of(page);
  auto next = neighbours.begin();
  for (auto& [task, entry] : entries_) {
    if (*next != entry->neighbours) {
      const bool counted = entry->duplicates_counted;
      entry = std::make_shared<Entry>(entry->snapshot, std::move(*next));
      entry->duplicates_counted = counted;
    }
    ++next;
  }
}

void MetricsPage::drop_unused(SteadyTime now) {
  for (const auto& [task, entry] : entries_) {
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      Entry::Slot& slot = entry->slots[kind];
      const std::unique_lock lock(slot.mutex, std::try_to_lock);  // who is making one right now keeps it
      if (lock && !in_use(kind, now)) slot.chunk.reset();
    }
  }
}

std::vector<ChunkPtr> MetricsPage::current(PageKind kind, SteadyTime now) {
  std::vector<EntryPtr> entries;
  {
    const std::lock_guard lock(mutex_);
    asked_[index_of(kind)] = now;
    for (const auto& [task, entry] : entries_) {
      if (entry->snapshot->current(now)) entries.push_back(entry);
    }
  }
  std::vector<ChunkPtr> chunks;
  chunks.reserve(entries.size());
  for (const EntryPtr& entry : entries) chunks.push_back(chunk(*entry, index_of(kind)));
  return chunks;
}

void MetricsPage::retain(const std::set<std::string>& tasks) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return !tasks.contains(entry.first); });
  settle();
}

std::size_t MetricsPage::chunks_held() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [task, entry] : entries_) {
    for (Entry::Slot& slot : entry->slots) {
      const std::lock_guard slot_lock(slot.mutex);
      if (slot.chunk) ++count;
    }
  }
  return count;
}

}  // namespace pgvigil
