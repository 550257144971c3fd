#include "collectors/family_merge.h"

#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "core/error.h"

namespace pgvigil {

namespace {

using RowsPtr = std::shared_ptr<const LabelRows>;

// Rows that were put together once are used again for the next family that has the same ones.
class RowsJoiner {
 public:
  RowsPtr join(const std::vector<RowsPtr>& parts) {
    std::vector<const LabelRows*> key;
    key.reserve(parts.size());
    for (const RowsPtr& part : parts) key.push_back(part.get());
    RowsPtr& known = joined_[key];
    if (!known) known = parts.size() == 1 ? parts.front() : concatenation(parts);
    return known;
  }

 private:
  static RowsPtr concatenation(const std::vector<RowsPtr>& parts) {
    auto result = std::make_shared<LabelRows>(parts.front()->width());
    std::size_t rows = 0;
    for (const RowsPtr& part : parts) rows += part->size();
    result->reserve(rows);
    for (const RowsPtr& part : parts) {
      for (std::size_t row = 0; row < part->size(); ++row) result->add((*part)[row]);
    }
    return result;
  }

  std::map<std::vector<const LabelRows*>, RowsPtr> joined_;
};

Samples joined_samples(const std::vector<std::vector<Family>>& sources, std::size_t family, RowsJoiner& joiner) {
  std::vector<RowsPtr> parts;
  std::vector<double> values;
  for (const std::vector<Family>& source : sources) {
    const Samples& samples = source[family].samples;
    if (samples.empty()) continue;
    parts.push_back(samples.rows());
    values.insert(values.end(), samples.values().begin(), samples.values().end());
  }
  return parts.empty() ? Samples() : Samples(joiner.join(parts), std::move(values));
}

}  // namespace

std::vector<Family> merge_families(std::vector<std::vector<Family>> sources) {
  if (sources.empty()) return {};
  if (sources.size() == 1) return std::move(sources.front());
  RowsJoiner joiner;
  std::vector<Family> result;
  for (std::size_t i = 0; i < sources.front().size(); ++i) {
    const Family& first = sources.front()[i];
    for (const std::vector<Family>& source : sources) {
      const bool same_names = i < source.size() && source[i].name == first.name;
      if (!same_names || source[i].label_names != first.label_names || source.size() != sources.front().size()) {
        throw Error(Error::Kind::invalid, "two databases report other families or labels of one reader: " + first.name);
      }
    }
    result.push_back({first.name, first.help, first.type, first.label_names, joined_samples(sources, i, joiner)});
  }
  return result;
}

Subjects subjects_of(const std::vector<Family>& families) {
  Subjects subjects;
  subjects.reserve(families.size());
  for (const Family& family : families) subjects.push_back(family.samples.empty() ? nullptr : family.samples.rows());
  return subjects;
}

std::vector<Family> without_values(const std::vector<Family>& shape, const Subjects& subjects) {
  std::vector<Family> result = shape;
  if (subjects.size() != shape.size()) return result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!subjects[i]) continue;
    std::vector<double> unknown(subjects[i]->size(), std::numeric_limits<double>::quiet_NaN());
    result[i].samples = Samples(subjects[i], std::move(unknown));
  }
  return result;
}

std::vector<Family> shape_of(const std::vector<Family>& families) {
  std::vector<Family> shape;
  shape.reserve(families.size());
  for (const Family& family : families)
    shape.push_back({family.name, family.help, family.type, family.label_names, {}});
  return shape;
}

std::size_t limit_series(std::vector<Family>& families, std::size_t most) {
  std::size_t all = 0;
  for (const Family& family : families) all += family.samples.size();
  if (all <= most) return 0;
  std::size_t dropped = 0;
  std::map<std::pair<const LabelRows*, std::size_t>, RowsPtr> cut;
  for (Family& family : families) {
    const std::size_t size = family.samples.size();
    const std::size_t keep = size * most / all;
    dropped += size - keep;
    if (keep == 0) {
      family.samples = {};
      continue;
    }
    RowsPtr& rows = cut[{family.samples.rows().get(), keep}];
    if (!rows) {
      auto fewer = std::make_shared<LabelRows>(family.samples.rows()->width());
      for (std::size_t row = 0; row < keep; ++row) fewer->add((*family.samples.rows())[row]);
      rows = std::move(fewer);
    }
    const auto& values = family.samples.values();
    family.samples = Samples(rows, {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(keep)});
  }
  return dropped;
}

}  // namespace pgvigil
