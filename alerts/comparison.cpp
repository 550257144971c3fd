#include "alerts/comparison.h"

#include <cmath>

namespace pgvigil {

Truth compare(double value, Comparison comparison, double bound) {
  if (std::isnan(value)) return Truth::unknown;
  const auto truth = [](bool yes) { return yes ? Truth::yes : Truth::no; };
  switch (comparison) {
    case Comparison::equal: return truth(!(value < bound) && !(value > bound));
    case Comparison::not_equal: return truth(value < bound || value > bound);
    case Comparison::less: return truth(value < bound);
    case Comparison::less_equal: return truth(value <= bound);
    case Comparison::greater: return truth(value > bound);
    case Comparison::greater_equal: return truth(value >= bound);
  }
  return Truth::unknown;
}

}  // namespace pgvigil
