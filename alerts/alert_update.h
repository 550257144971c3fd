#pragma once

#include <optional>

#include "alerts/alert.h"
#include "alerts/evaluation.h"
#include "alerts/rule.h"

namespace pgvigil {

// Takes what was seen of one alert into the result of an evaluation: its next state and what changed. Who is
// told is decided elsewhere. Lives as long as one evaluation.
class AlertUpdate {
 public:
  AlertUpdate(const EvaluationInput& input, Evaluation& result) : input_(input), result_(result) {}

  // `rule` is null when it was removed. `alert` is a new one or one of result.alerts; `value` is what was seen now.
  void apply(Alert alert, const Rule* rule, const Observation& seen, std::optional<double> value);

 private:
  void announce(Alert& alert, const Rule& rule, Level level, std::optional<double> value) const;
  void keep(const Alert& before, Alert alert, bool was_open);

  const EvaluationInput& input_;
  Evaluation& result_;
};

}  // namespace pgvigil
