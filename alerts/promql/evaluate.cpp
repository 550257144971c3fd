#include "alerts/promql/evaluate.h"

#include <algorithm>
#include <utility>

#include "alerts/promql/aggregation.h"
#include "alerts/promql/functions.h"
#include "alerts/promql/label_functions.h"
#include "alerts/promql/operators.h"
#include "core/error.h"

namespace pgvigil::promql {

namespace {

const std::vector<std::string> no_labels;

// One walk over a tree.
class Evaluation {
 public:
  Evaluation(const SampleSource& source, const Moment& moment, Workspace& workspace)
      : source_(source), moment_(moment), workspace_(workspace) {}

  Value of(const Node& node) {
    return std::visit([&](const auto& content) { return value(content); }, node.content);
  }

 private:
  Vector vector(const NodePtr& node) { return std::get<Vector>(of(*node)); }
  Scalar scalar(const NodePtr& node) { return std::get<Scalar>(of(*node)); }

  static Value value(const Number& number) { return Scalar{number.value, true}; }
  // Texts and ranges are read by the functions that take them; check() lets them stand nowhere else.
  static Value value(const Text&) { return Scalar{}; }
  static Value value(const RangeSelector&) { return Vector{}; }

  Value value(const VectorSelector& selector) {
    return source_.instant(selector, moment_.now, SampleSource::Read::values, workspace_);
  }

  Value value(const Negation& negation) {
    Value result = of(*negation.operand);
    if (auto* number = std::get_if<Scalar>(&result)) {
      number->value = -number->value;
      return result;
    }
    Projection nameless = Projection::without(workspace_, no_labels);
    for (Element& element : std::get<Vector>(result).elements) {
      element.value = -element.value;
      element.labels = nameless(element.labels);
    }
    return result;
  }

  Value value(const Binary& binary) {
    Value left = of(*binary.left);
    Value right = of(*binary.right);
    auto* left_number = std::get_if<Scalar>(&left);
    auto* right_number = std::get_if<Scalar>(&right);
    if (left_number != nullptr && right_number != nullptr) {
      return Scalar{combine(binary.op, left_number->value, right_number->value),
                    left_number->known && right_number->known};
    }
    if (left_number != nullptr) {
      return combine(binary, std::move(std::get<Vector>(right)), *left_number, true, workspace_);
    }
    if (right_number != nullptr) {
      return combine(binary, std::move(std::get<Vector>(left)), *right_number, false, workspace_);
    }
    return combine(binary, std::move(std::get<Vector>(left)), std::move(std::get<Vector>(right)), workspace_);
  }

  Value value(const Aggregation& aggregation) {
    const Scalar parameter = aggregation.parameter ? scalar(aggregation.parameter) : Scalar{};
    return aggregate(aggregation, vector(aggregation.operand), parameter, workspace_);
  }

  Value value(const Call& call) {
    const auto& how = call.function->how;
    if (const auto* element = std::get_if<ElementFunction>(&how)) return over_elements(call, *element);
    if (const auto* window = std::get_if<RangeFunction>(&how)) return over_windows(call, *window);
    return special(call, std::get<Special>(how));
  }

  struct Parameters {
    std::vector<double> values;
    bool known = true;
  };

  Parameters parameters(const Call& call) {
    Parameters result;
    for (const NodePtr& argument : call.arguments) {
      if (type_of(*argument) != Type::scalar) continue;
      const Scalar one = scalar(argument);
      result.values.push_back(one.value);
      result.known = result.known && one.known;
    }
    const std::vector<double>& defaults = call.function->defaults;
    const std::size_t missing = call.function->arguments.size() - call.arguments.size();
    result.values.insert(result.values.end(), defaults.end() - static_cast<std::ptrdiff_t>(missing), defaults.end());
    return result;
  }

  Value over_elements(const Call& call, ElementFunction function) {
    Vector result = vector(call.arguments.front());
    const Parameters given = parameters(call);
    Projection nameless = Projection::without(workspace_, no_labels);
    const auto dropped = [&](Element& element) {
      element.labels = nameless(element.labels);
      if (!given.known) element.certainty = std::max(element.certainty, Certainty::value_unknown);
      return element.certainty == Certainty::known && !function(element.value, given.values);
    };
    std::erase_if(result.elements, dropped);
    return result;
  }

  const RangeSelector& range_argument(const Call& call) const {
    const auto found = std::find_if(call.arguments.begin(), call.arguments.end(),
                                    [](const NodePtr& node) { return type_of(*node) == Type::range; });
    return std::get<RangeSelector>((*found)->content);
  }

  RangeVector read(const RangeSelector& range) {
    const std::int64_t end = moment_.now - range.of.offset.count();
    return source_.range(range.of, end - range.range.count(), end, workspace_);
  }

  Value over_windows(const Call& call, RangeFunction function) {
    const RangeSelector& range = range_argument(call);
    const Parameters given = parameters(call);
    const RangeVector read_now = read(range);
    Projection named = Projection::without(workspace_, no_labels, call.function->keeps_name);
    const std::int64_t end = moment_.now - range.of.offset.count();
    Window window{{}, end - range.range.count(), end, moment_.now, given.values};
    Vector result;
    result.complete = read_now.complete;
    result.elements.reserve(read_now.series.size());
    for (const RangeSeries& series : read_now.series) {
      const LabelSet labels = named(series.labels);
      if (!series.known || !given.known) {
        result.elements.push_back({labels, not_known, Certainty::value_unknown});
        continue;
      }
      window.points = series.points;
      if (const auto value = function(window)) result.elements.push_back({labels, *value, Certainty::known});
    }
    return result;
  }

  Value special(const Call& call, Special function) {
    switch (function) {
      case Special::time: return Scalar{static_cast<double>(moment_.wall) / 1000, true};
      case Special::timestamp: return timestamps(call);
      case Special::scalar: return only_value(vector(call.arguments.front()));
      case Special::vector: return single(scalar(call.arguments.front()));
      case Special::absent: return absent(call);
      case Special::absent_over_time: return absent_over_time(call);
      case Special::label_replace: return label_replace(call, vector(call.arguments.front()), workspace_);
      case Special::label_join: return label_join(call, vector(call.arguments.front()), workspace_);
    }
    throw Error(Error::Kind::invalid, "a function that is not known");
  }

  Value timestamps(const Call& call) {
    const double shift = static_cast<double>(moment_.wall - moment_.now) / 1000;
    Projection nameless = Projection::without(workspace_, no_labels);
    const auto* const selector = std::get_if<VectorSelector>(&call.arguments.front()->content);
    Vector result = selector == nullptr
                        ? vector(call.arguments.front())
                        : source_.instant(*selector, moment_.now, SampleSource::Read::times, workspace_);
    for (Element& element : result.elements) {
      element.labels = nameless(element.labels);
      element.value = selector == nullptr ? static_cast<double>(moment_.wall) / 1000 : element.value + shift;
      if (element.certainty == Certainty::value_unknown) element.certainty = Certainty::known;
    }
    return result;
  }

  static Value only_value(const Vector& vector) {
    const bool sure =
        vector.complete && std::all_of(vector.elements.begin(), vector.elements.end(),
                                       [](const Element& one) { return one.certainty != Certainty::presence_unknown; });
    if (!sure) return Scalar{not_known, false};
    if (vector.elements.size() != 1) return Scalar{not_known, true};
    return Scalar{vector.elements.front().value, vector.elements.front().certainty == Certainty::known};
  }

  Element element_with(const Labels& labels, double value, bool known, Certainty otherwise) {
    return {workspace_.add("", labels), value, known ? Certainty::known : otherwise};
  }

  Value single(const Scalar& number) {
    return Vector{{element_with({}, number.value, number.known, Certainty::value_unknown)}, true};
  }

  Value absent(const Call& call) {
    const Node& argument = *call.arguments.front();
    const Vector seen = vector(call.arguments.front());
    const auto there = [](const Element& element) { return element.certainty != Certainty::presence_unknown; };
    if (std::any_of(seen.elements.begin(), seen.elements.end(), there)) return Vector{};
    const auto* const selector = std::get_if<VectorSelector>(&argument.content);
    const Labels labels = selector == nullptr ? Labels{} : selector->selector.fixed_labels();
    const bool known = seen.complete && seen.elements.empty();
    return Vector{{element_with(labels, 1, known, Certainty::presence_unknown)}, true};
  }

  Value absent_over_time(const Call& call) {
    const RangeSelector& range = range_argument(call);
    const RangeVector seen = read(range);
    if (!seen.series.empty()) return Vector{};
    return Vector{{element_with(range.of.selector.fixed_labels(), 1, seen.complete, Certainty::presence_unknown)},
                  true};
  }

  const SampleSource& source_;
  Moment moment_;
  Workspace& workspace_;
};

}  // namespace

Value evaluate(const Node& node, const SampleSource& source, const Moment& moment, Workspace& workspace) {
  return Evaluation(source, moment, workspace).of(node);
}

}  // namespace pgvigil::promql
