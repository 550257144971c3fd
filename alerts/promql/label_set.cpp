#include "alerts/promql/label_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace pgvigil::promql {

namespace {

constexpr std::string_view metric_label = "__name__";

std::size_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

void sort_columns(LabelShape& shape) {
  std::sort(shape.columns.begin(), shape.columns.end(),
            [](const LabelShape::Column& a, const LabelShape::Column& b) { return a.name < b.name; });
}

}  // namespace

std::string_view LabelSet::value(std::string_view label) const {
  if (label == metric_label) return shape_->metric;
  for (const LabelShape::Column& column : shape_->columns) {
    if (column.name == label) return row_[column.index];
  }
  return {};
}

std::size_t LabelSet::hash() const {
  std::size_t result = shape_->metric.empty() ? 0 : hash_of(shape_->metric);
  for (const LabelShape::Column& column : shape_->columns) {
    const std::string& value = row_[column.index];
    if (!value.empty()) result = (result * 31) ^ (column.name_hash + (hash_of(value) * 0x9E3779B97F4A7C15U));
  }
  return result;
}

bool LabelSet::operator==(const LabelSet& other) const {
  if (shape_ == other.shape_ && row_ == other.row_) return true;
  if (shape_->metric != other.shape_->metric) return false;
  const auto next = [](const LabelSet& set, std::size_t at) {
    while (at < set.shape_->columns.size() && set.row_[set.shape_->columns[at].index].empty()) ++at;
    return at;
  };
  std::size_t mine = next(*this, 0);
  std::size_t theirs = next(other, 0);
  for (; mine < shape_->columns.size() && theirs < other.shape_->columns.size();
       mine = next(*this, mine + 1), theirs = next(other, theirs + 1)) {
    const LabelShape::Column& left = shape_->columns[mine];
    const LabelShape::Column& right = other.shape_->columns[theirs];
    if (left.name != right.name || row_[left.index] != other.row_[right.index]) return false;
  }
  return mine == shape_->columns.size() && theirs == other.shape_->columns.size();
}

Labels LabelSet::labels() const {
  Labels result;
  for (const LabelShape::Column& column : shape_->columns) {
    const std::string& value = row_[column.index];
    if (!value.empty()) result.emplace_hint(result.end(), column.name, value);
  }
  return result;
}

std::string to_string(const LabelSet& labels) {
  std::string inner;
  for (const auto& [name, value] : labels.labels()) {
    inner += fmt::format("{}{}=\"{}\"", inner.empty() ? "" : ", ", name, value);
  }
  return fmt::format("{}{{{}}}", labels.metric(), inner);
}

const LabelShape& Workspace::shape_of(std::string_view metric, const std::vector<std::string>& names) {
  for (const Known& known : known_) {
    if (known.names == &names && known.shape->metric == metric) return *known.shape;
  }
  LabelShape shape;
  shape.metric = metric;
  for (std::size_t i = 0; i < names.size(); ++i) shape.columns.push_back({names[i], hash_of(names[i]), i});
  const LabelShape& kept = add(std::move(shape));
  known_.push_back({&names, &kept});
  return kept;
}

const LabelShape& Workspace::add(LabelShape shape) {
  sort_columns(shape);
  return shapes_.emplace_back(std::move(shape));
}

const LabelShape& Workspace::copied_shape(std::string_view metric, std::span<const std::string> names) {
  std::string key(metric);
  for (const std::string& name : names) {
    key += '\0';
    key += name;
  }
  const auto [entry, is_new] = copied_.emplace(std::move(key), nullptr);
  if (!is_new) return *entry->second;
  std::vector<std::string>& texts = texts_.emplace_back(names.begin(), names.end());
  texts.emplace_back(metric);
  LabelShape shape;
  shape.metric = texts.back();
  for (std::size_t i = 0; i < names.size(); ++i) shape.columns.push_back({texts[i], hash_of(texts[i]), i});
  entry->second = &add(std::move(shape));
  return *entry->second;
}

LabelSet Workspace::add(std::string_view metric, const Labels& labels) {
  std::vector<std::string> names;
  std::vector<std::string>& values = texts_.emplace_back();
  for (const auto& [name, value] : labels) {
    names.push_back(name);
    values.push_back(value);
  }
  const std::string* row = values.data();
  return {copied_shape(metric, names), row};
}

Projection Projection::only(Workspace& workspace, const std::vector<std::string>& labels) {
  return {workspace, labels, true, std::find(labels.begin(), labels.end(), metric_label) != labels.end()};
}

Projection Projection::without(Workspace& workspace, const std::vector<std::string>& labels, bool keep_metric) {
  return {workspace, labels, false, keep_metric};
}

LabelSet Projection::operator()(const LabelSet& labels) {
  for (const auto& [from, to] : known_) {
    if (from == &labels.shape()) return {*to, labels.row()};
  }
  return {project(labels.shape()), labels.row()};
}

const LabelShape& Projection::project(const LabelShape& shape) {
  LabelShape result;
  if (keep_metric_) result.metric = shape.metric;
  for (const LabelShape::Column& column : shape.columns) {
    const bool listed = std::find(labels_->begin(), labels_->end(), column.name) != labels_->end();
    if (listed == only_) result.columns.push_back(column);
  }
  const LabelShape& kept = workspace_->add(std::move(result));
  known_.emplace_back(&shape, &kept);
  return kept;
}

std::size_t LabelIndex::capacity_for(std::size_t entries) {
  std::size_t capacity = 16;
  while (capacity < 2 * entries) capacity *= 2;
  return capacity;
}

std::size_t LabelIndex::slot_of(const LabelSet& labels, std::size_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  // The low bits of a product are poor; fold the high ones in.
  std::size_t at = (hash ^ (hash >> 32U)) & mask;
  while (slots_[at].position != none && (slots_[at].hash != hash || !(slots_[at].labels == labels))) {
    at = (at + 1) & mask;
  }
  return at;
}

std::size_t LabelIndex::find(const LabelSet& labels) const {
  return slots_[slot_of(labels, labels.hash())].position;
}

std::size_t LabelIndex::insert(const LabelSet& labels, std::size_t position) {
  const std::size_t hash = labels.hash();
  if (Slot& slot = slots_[slot_of(labels, hash)]; slot.position != none) return slot.position;
  if (2 * (used_ + 1) > slots_.size()) grow();
  slots_[slot_of(labels, hash)] = {labels, hash, position};
  ++used_;
  return none;
}

void LabelIndex::grow() {
  std::vector<Slot> before(2 * slots_.size());
  before.swap(slots_);
  for (const Slot& slot : before) {
    if (slot.position != none) slots_[slot_of(slot.labels, slot.hash)] = slot;
  }
}

}  // namespace pgvigil::promql
