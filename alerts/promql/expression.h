#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "alerts/promql/ast.h"
#include "alerts/syntax_error.h"

namespace pgvigil::promql {

// The samples that an expression needs beside the current ones.
struct HistoryNeed {
  std::string key;  // the same for selectors that can share their samples
  Selector selector;
  milliseconds span{0};  // how far back
  bool coarse = false;   // one sample a minute is enough, and they survive a restart
};

// An expression that has been read and checked: a part of PromQL with Prometheus 2.42's meaning. Immutable, cheap to
// copy; any thread.
class Expression {
 public:
  Expression() = default;  // the number 0
  static std::variant<Expression, SyntaxError> parse(std::string_view text);

  const std::string& text() const { return text_; }
  const Node& root() const { return *root_; }
  const std::set<std::string>& metrics() const { return metrics_; }
  const std::vector<HistoryNeed>& needs() const { return needs_; }

  // The labels that all its selectors fix to one value: what is known of a subject before anybody reported it.
  Labels fixed_labels() const;

 private:
  std::string text_ = "0";
  NodePtr root_ = std::make_shared<const Node>(Node{0, Number{0}});
  std::set<std::string> metrics_;
  std::vector<HistoryNeed> needs_;
};

}  // namespace pgvigil::promql
