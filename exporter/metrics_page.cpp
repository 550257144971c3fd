#include "exporter/metrics_page.h"

#include "exporter/text_format.h"

namespace pgvigil {

void MetricsPage::update(const SnapshotPtr& snapshot) {
  RenderedText rendered = render_text(snapshot->families);
  Entry entry{snapshot, make_chunk(std::move(rendered.text))};
  const std::lock_guard lock(mutex_);
  duplicates_ += rendered.duplicates;
  entries_.insert_or_assign(snapshot->task, std::move(entry));
}

std::vector<ChunkPtr> MetricsPage::current(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<ChunkPtr> chunks;
  for (const auto& [task, entry] : entries_) {
    if (entry.snapshot->current(now)) chunks.push_back(entry.chunk);
  }
  return chunks;
}

void MetricsPage::retain(const std::set<std::string>& tasks) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return !tasks.contains(entry.first); });
}

std::uint64_t MetricsPage::duplicates() const {
  const std::lock_guard lock(mutex_);
  return duplicates_;
}

}  // namespace pgvigil
