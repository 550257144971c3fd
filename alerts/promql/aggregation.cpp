#include "alerts/promql/aggregation.h"

#include <algorithm>
#include <cmath>

#include "alerts/promql/window_functions.h"
#include "core/error.h"

namespace pgvigil::promql {

namespace {

// The elements that one element of the result is made of.
struct Group {
  LabelSet labels;
  std::vector<std::size_t> members;
  Certainty worst = Certainty::known;
  Certainty best = Certainty::presence_unknown;
};

std::vector<Group> group(const Aggregation& aggregation, const Vector& vector, Workspace& workspace) {
  Projection projection = aggregation.without ? Projection::without(workspace, aggregation.labels)
                                              : Projection::only(workspace, aggregation.labels);
  std::vector<Group> groups;
  LabelIndex index;
  for (std::size_t i = 0; i < vector.elements.size(); ++i) {
    const Element& element = vector.elements[i];
    const LabelSet labels = projection(element.labels);
    std::size_t at = index.insert(labels, groups.size());
    if (at == LabelIndex::none) {
      at = groups.size();
      groups.push_back({labels, {}, Certainty::known, Certainty::presence_unknown});
    }
    groups[at].members.push_back(i);
    groups[at].worst = std::max(groups[at].worst, element.certainty);
    groups[at].best = std::min(groups[at].best, element.certainty);
  }
  return groups;
}

double mean(const Vector& vector, const Group& group) {
  double count = 0;
  double mean = 0;
  for (const std::size_t member : group.members) {
    const double value = vector.elements[member].value;
    ++count;
    if (std::isinf(mean) && !std::isnan(value) && (!std::isinf(value) || mean == value)) continue;
    mean += value / count - mean / count;  // both divided, so that nothing overflows
  }
  return mean;
}

template <typename Better>
double extreme(const Vector& vector, const Group& group, Better better) {
  double result = vector.elements[group.members.front()].value;
  for (const std::size_t member : group.members) {
    const double value = vector.elements[member].value;
    if (better(value, result) || std::isnan(result)) result = value;
  }
  return result;
}

double value_of(const Aggregation& aggregation, const Vector& vector, const Group& group, double parameter) {
  switch (aggregation.kind) {
    case Aggregate::min: return extreme(vector, group, [](double a, double b) { return a < b; });
    case Aggregate::max: return extreme(vector, group, [](double a, double b) { return a > b; });
    case Aggregate::avg: return mean(vector, group);
    case Aggregate::count: return static_cast<double>(group.members.size());
    case Aggregate::quantile: {
      std::vector<double> values;
      for (const std::size_t member : group.members) values.push_back(vector.elements[member].value);
      return quantile(parameter, std::move(values));
    }
    default: {
      double sum = 0;
      for (const std::size_t member : group.members) sum += vector.elements[member].value;
      return sum;
    }
  }
}

Certainty certainty_of(const Aggregation& aggregation, const Vector& vector, const Group& group, bool parameter_known) {
  if (group.best == Certainty::presence_unknown) return Certainty::presence_unknown;
  // A count needs no values.
  const Certainty enough = aggregation.kind == Aggregate::count ? Certainty::value_unknown : Certainty::known;
  return vector.complete && parameter_known && group.worst <= enough ? Certainty::known : Certainty::value_unknown;
}

bool is_choice(Aggregate kind) {
  return kind == Aggregate::topk || kind == Aggregate::bottomk;
}

// The first k of a group by value; of equal ones those that come first, and NaN only for want of others.
void choose(const Aggregation& aggregation, const Vector& vector, Group group, std::size_t k, Vector& result) {
  const bool top = aggregation.kind == Aggregate::topk;
  const auto before = [&](std::size_t a, std::size_t b) {
    const double left = vector.elements[a].value;
    const double right = vector.elements[b].value;
    if (std::isnan(left) || std::isnan(right)) return !std::isnan(left) && std::isnan(right);
    return top ? left > right : left < right;
  };
  std::stable_sort(group.members.begin(), group.members.end(), before);
  group.members.resize(std::min(k, group.members.size()));
  for (const std::size_t member : group.members) result.elements.push_back(vector.elements[member]);
}

// Which elements are chosen cannot be told while one of the group is not known: then any may be.
void choose_unknown(const Vector& vector, const Group& group, Vector& result) {
  for (const std::size_t member : group.members) {
    Element element = vector.elements[member];
    element.certainty = Certainty::presence_unknown;
    result.elements.push_back(element);
  }
}

Vector chosen(const Aggregation& aggregation, const Vector& vector, const Scalar& k, Workspace& workspace) {
  Vector result;
  result.complete = vector.complete;
  constexpr double most = 9.2e18;
  if (k.known && !(std::abs(k.value) < most)) throw Error(Error::Kind::invalid, "how many to choose is not a count");
  if (k.known && k.value < 1) return result;
  for (Group& one : group(aggregation, vector, workspace)) {
    if (!k.known || !vector.complete || one.worst != Certainty::known) {
      choose_unknown(vector, one, result);
    } else {
      choose(aggregation, vector, std::move(one), static_cast<std::size_t>(k.value), result);
    }
  }
  return result;
}

}  // namespace

Vector aggregate(const Aggregation& aggregation, const Vector& vector, const Scalar& parameter, Workspace& workspace) {
  if (is_choice(aggregation.kind)) return chosen(aggregation, vector, parameter, workspace);
  Vector result;
  result.complete = vector.complete;
  for (const Group& one : group(aggregation, vector, workspace)) {
    const Certainty certainty = certainty_of(aggregation, vector, one, parameter.known);
    const bool known = certainty == Certainty::known;
    result.elements.push_back(
        {one.labels, known ? value_of(aggregation, vector, one, parameter.value) : not_known, certainty});
  }
  return result;
}

}  // namespace pgvigil::promql
