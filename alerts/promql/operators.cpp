#include "alerts/promql/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace pgvigil::promql {

namespace {

const std::vector<std::string> no_labels;

// The labels by which elements find their partners.
Projection signature(const Matching& matching, Workspace& workspace) {
  if (matching.on) return Projection::only(workspace, matching.labels);
  return Projection::without(workspace, matching.labels);
}

bool drops_name(const Binary& binary) {
  return binary.returns_bool || !is_comparison(binary.op);
}

// The element that comes of a pair of values, or nothing when a comparison filters it out. `kept` is what a comparison
// that is true leaves.
std::optional<Element> paired(const Binary& binary, double left, double right, double kept, Certainty certainty) {
  if (certainty != Certainty::known) {
    const bool filter = is_comparison(binary.op) && !binary.returns_bool;
    return Element{{}, not_known, filter ? Certainty::presence_unknown : certainty};
  }
  const double value = combine(binary.op, left, right);
  if (!is_comparison(binary.op) || binary.returns_bool) return Element{{}, value, certainty};
  if (value == 0) return std::nullopt;
  return Element{{}, kept, certainty};
}

[[noreturn]] void fail(const std::string& what) {
  throw Error(Error::Kind::invalid, what);
}

// Arithmetic and comparisons between two vectors.
class Join {
 public:
  Join(const Binary& binary, Vector many, Vector one, Workspace& workspace)
      : binary_(binary),
        workspace_(workspace),
        swapped_(binary.matching.cardinality == Matching::Cardinality::one_to_many),
        many_(std::move(many)),
        one_(std::move(one)),
        signature_(signature(binary.matching, workspace)),
        result_labels_(projection(binary, workspace)),
        partners_(one_.elements.size()),
        taken_(one_to_one() ? one_.elements.size() : many_.elements.size()) {}

  Vector run() {
    Vector result;
    result.complete = many_.complete && one_.complete;
    if (many_.elements.empty() || one_.elements.empty()) return result;
    index_one_side();
    result.elements.reserve(many_.elements.size());
    for (const Element& element : many_.elements) {
      const std::size_t partner = partners_.find(signature_(element.labels));
      if (partner != LabelIndex::none) add(element, one_.elements[partner], result);
    }
    return result;
  }

 private:
  // What is left of the labels of the "many" side, or of the left one.
  static Projection projection(const Binary& binary, Workspace& workspace) {
    const bool keep_name = !drops_name(binary);
    const bool one_to_one = binary.matching.cardinality == Matching::Cardinality::one_to_one;
    if (!one_to_one) return Projection::without(workspace, no_labels, keep_name);
    if (binary.matching.on) return Projection::only(workspace, binary.matching.labels);
    return Projection::without(workspace, binary.matching.labels, keep_name);
  }

  bool one_to_one() const { return binary_.matching.cardinality == Matching::Cardinality::one_to_one; }

  void index_one_side() {
    for (std::size_t i = 0; i < one_.elements.size(); ++i) {
      Element& element = one_.elements[i];
      const std::size_t other = partners_.insert(signature_(element.labels), i);
      if (other == LabelIndex::none) continue;
      Element& first = one_.elements[other];
      if (std::max(first.certainty, element.certainty) == Certainty::presence_unknown) {
        first.certainty = Certainty::presence_unknown;  // one of them may not be there
        continue;
      }
      fail(fmt::format("{} and {} match the same element on the other side of {}; labels must be unique on one side",
                       to_string(first.labels), to_string(element.labels), to_string(binary_.op)));
    }
  }

  void add(const Element& many, const Element& one, Vector& result) {
    const double left = swapped_ ? one.value : many.value;
    const double right = swapped_ ? many.value : one.value;
    auto made = paired(binary_, left, right, left, std::max(many.certainty, one.certainty));
    if (!made) return;
    made->labels = result_labels_(many.labels);
    if (!binary_.matching.include.empty()) made->labels = with_included(made->labels, one.labels);
    const LabelSet& identity = one_to_one() ? signature_(many.labels) : made->labels;
    const std::size_t other = taken_.insert(identity, result.elements.size());
    if (other == LabelIndex::none) {
      result.elements.push_back(*made);
      return;
    }
    Element& first = result.elements[other];
    if (std::max(first.certainty, made->certainty) != Certainty::presence_unknown) fail_ambiguous(many);
    first.certainty = Certainty::presence_unknown;
  }

  [[noreturn]] void fail_ambiguous(const Element& many) const {
    fail(fmt::format("{} is one of several that match the same element on the other side of {}; {}",
                     to_string(many.labels), to_string(binary_.op),
                     one_to_one() ? "that needs group_left or group_right" : "the grouping must leave them apart"));
  }

  LabelSet with_included(const LabelSet& labels, const LabelSet& from) {
    Labels all = labels.labels();
    for (const std::string& name : binary_.matching.include) {
      const std::string_view value = from.value(name);
      all.erase(name);
      if (!value.empty()) all.emplace(name, value);
    }
    return workspace_.add(labels.metric(), all);
  }

  const Binary& binary_;
  Workspace& workspace_;
  bool swapped_;  // the left side of the operator is the "one" side
  Vector many_;
  Vector one_;
  Projection signature_;
  Projection result_labels_;
  LabelIndex partners_;
  LabelIndex taken_;
};

// Which of the signatures of a vector exist, and whether for certain.
class Signatures {
 public:
  Signatures(const Matching& matching, const Vector& vector, Workspace& workspace)
      : projection_(signature(matching, workspace)), index_(vector.elements.size()) {
    certainties_.reserve(vector.elements.size());
    for (const Element& element : vector.elements) {
      const Certainty certainty =
          element.certainty == Certainty::presence_unknown ? Certainty::presence_unknown : Certainty::known;
      const std::size_t known = index_.insert(projection_(element.labels), certainties_.size());
      if (known == LabelIndex::none) {
        certainties_.push_back(certainty);
      } else {
        certainties_[known] = std::min(certainties_[known], certainty);
      }
    }
  }

  Truth contains(const LabelSet& labels, bool complete) {
    const std::size_t found = index_.find(projection_(labels));
    if (found == LabelIndex::none) return complete ? Truth::no : Truth::unknown;
    return certainties_[found] == Certainty::known ? Truth::yes : Truth::unknown;
  }

 private:
  Projection projection_;
  LabelIndex index_;
  std::vector<Certainty> certainties_;
};

void add_if(Truth truth, Element element, Vector& result) {
  if (truth == Truth::no) return;
  if (truth == Truth::unknown) element.certainty = Certainty::presence_unknown;
  result.elements.push_back(element);
}

Vector intersect(const Binary& binary, const Vector& left, const Vector& right, Workspace& workspace) {
  Vector result;
  result.complete = left.complete;
  Signatures signatures(binary.matching, right, workspace);
  for (const Element& element : left.elements) {
    add_if(signatures.contains(element.labels, right.complete), element, result);
  }
  return result;
}

Vector subtract(const Binary& binary, const Vector& left, const Vector& right, Workspace& workspace) {
  Vector result;
  result.complete = left.complete;
  Signatures signatures(binary.matching, right, workspace);
  for (const Element& element : left.elements) {
    const Truth there = signatures.contains(element.labels, right.complete);
    if (there == Truth::unknown) add_if(Truth::unknown, element, result);
    if (there == Truth::no) result.elements.push_back(element);
  }
  return result;
}

Vector unite(const Binary& binary, Vector left, const Vector& right, Workspace& workspace) {
  Signatures signatures(binary.matching, left, workspace);
  const bool left_complete = left.complete;
  LabelIndex taken(left.elements.size() + right.elements.size());
  for (std::size_t i = 0; i < left.elements.size(); ++i) taken.insert(left.elements[i].labels, i);
  for (const Element& element : right.elements) {
    const Truth hidden = signatures.contains(element.labels, left_complete);
    if (hidden == Truth::yes) continue;
    const std::size_t same = taken.insert(element.labels, left.elements.size());
    if (same != LabelIndex::none) {
      // The left one may not be there, then this one is: its labels are in the result, its value is not known.
      left.elements[same].certainty = Certainty::presence_unknown;
      continue;
    }
    add_if(hidden == Truth::no ? Truth::yes : Truth::unknown, element, left);
  }
  left.complete = left.complete && right.complete;
  return left;
}

}  // namespace

double combine(Operator op, double left, double right) {
  switch (op) {
    case Operator::add: return left + right;
    case Operator::subtract: return left - right;
    case Operator::multiply: return left * right;
    case Operator::divide: return left / right;
    case Operator::modulo: return std::fmod(left, right);
    case Operator::power: return std::pow(left, right);
    case Operator::equal: return left == right ? 1 : 0;
    case Operator::not_equal: return left != right ? 1 : 0;
    case Operator::less: return left < right ? 1 : 0;
    case Operator::less_equal: return left <= right ? 1 : 0;
    case Operator::greater: return left > right ? 1 : 0;
    case Operator::greater_equal: return left >= right ? 1 : 0;
    case Operator::all_of:
    case Operator::any_of:
    case Operator::unless: break;
  }
  return not_known;
}

Vector combine(const Binary& binary, Vector vector, const Scalar& scalar, bool scalar_is_left, Workspace& workspace) {
  Projection nameless = Projection::without(workspace, no_labels);
  const bool drop = drops_name(binary);
  auto kept = vector.elements.begin();
  for (const Element& element : vector.elements) {
    const double left = scalar_is_left ? scalar.value : element.value;
    const double right = scalar_is_left ? element.value : scalar.value;
    const Certainty certainty =
        scalar.known ? element.certainty : std::max(element.certainty, Certainty::value_unknown);
    auto made = paired(binary, left, right, element.value, certainty);
    if (!made) continue;
    made->labels = drop ? nameless(element.labels) : element.labels;
    *kept++ = *made;
  }
  vector.elements.erase(kept, vector.elements.end());
  return vector;
}

Vector combine(const Binary& binary, Vector left, Vector right, Workspace& workspace) {
  switch (binary.op) {
    case Operator::all_of: return intersect(binary, left, right, workspace);
    case Operator::any_of: return unite(binary, std::move(left), right, workspace);
    case Operator::unless: return subtract(binary, left, right, workspace);
    default: break;
  }
  if (binary.matching.cardinality == Matching::Cardinality::one_to_many) std::swap(left, right);
  return Join(binary, std::move(left), std::move(right), workspace).run();
}

}  // namespace pgvigil::promql
