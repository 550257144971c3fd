#include "collectors/statements/text_cache.h"

#include <algorithm>

#include "collectors/statements/statement_text.h"

namespace pgvigil {

std::vector<std::int64_t> StatementTexts::due(SteadyTime now, const std::set<std::int64_t>& exported,
                                              milliseconds last_read) const {
  if (last_read > limits_.slow_read) return {};
  if (asked_at_ && now - *asked_at_ < pause_) return {};
  if (bytes_ >= limits_.all_bytes) return {};
  std::vector<std::int64_t> missing;
  std::copy_if(exported.begin(), exported.end(), std::back_inserter(missing),
               [this](std::int64_t query) { return !texts_.contains(query); });
  return missing;
}

void StatementTexts::answered(SteadyTime now) {
  asked_at_ = now;
  pause_ = limits_.every;
}

void StatementTexts::failed(SteadyTime now) {
  asked_at_ = now;
  pause_ = std::min(pause_ * 2, limits_.longest_pause);
}

void StatementTexts::keep(std::int64_t query, std::string_view raw) {
  std::string text = statement_text(raw, limits_.text_bytes);
  if (text.empty() || texts_.contains(query) || bytes_ + text.size() > limits_.all_bytes) return;
  bytes_ += text.size();
  texts_.emplace(query, std::move(text));
}

void StatementTexts::retain(const std::set<std::int64_t>& exported) {
  std::erase_if(texts_, [&](const auto& item) {
    if (exported.contains(item.first)) return false;
    bytes_ -= item.second.size();
    return true;
  });
}

}  // namespace pgvigil
