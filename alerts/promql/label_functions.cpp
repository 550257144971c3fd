#include "alerts/promql/label_functions.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil::promql {

namespace {

const std::string& text_argument(const Call& call, std::size_t index) {
  return std::get<Text>(call.arguments[index]->content).value;
}

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The group that a name stands for; names of groups are not supported and stand for nothing.
std::string_view group_named(std::string_view name, const std::vector<std::string>& groups) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && number < groups.size() ? std::string_view(groups[number]) : std::string_view();
}

// $1 and ${1} in `replacement`, as Go's Regexp.Expand takes them: the longest possible name, $$ is a dollar.
std::string expand(std::string_view replacement, const std::vector<std::string>& groups) {
  std::string result;
  while (!replacement.empty()) {
    if (replacement.front() != '$') {
      result += replacement.front();
      replacement.remove_prefix(1);
      continue;
    }
    replacement.remove_prefix(1);
    const bool braced = replacement.substr(0, 1) == "{";
    const std::string_view from = replacement.substr(braced ? 1 : 0);
    const auto length =
        static_cast<std::size_t>(std::find_if_not(from.begin(), from.end(), is_word_part) - from.begin());
    if (replacement.substr(0, 1) == "$") {
      result += '$';
      replacement.remove_prefix(1);
    } else if (length == 0 || (braced && from.substr(length, 1) != "}")) {
      result += '$';  // no name: the dollar is a dollar
    } else {
      result += group_named(from.substr(0, length), groups);
      replacement.remove_prefix(length + (braced ? 2 : 0));
    }
  }
  return result;
}

LabelSet with_label(const LabelSet& labels, const std::string& name, const std::string& value, Workspace& workspace) {
  Labels all = labels.labels();
  all.erase(name);
  if (!value.empty()) all.emplace(name, value);
  return workspace.add(labels.metric(), all);
}

void refuse_duplicates(const Vector& vector) {
  LabelIndex index(vector.elements.size());
  for (std::size_t i = 0; i < vector.elements.size(); ++i) {
    if (index.insert(vector.elements[i].labels, i) == LabelIndex::none) continue;
    throw Error(Error::Kind::invalid, "two elements have the same labels: " + to_string(vector.elements[i].labels));
  }
}

}  // namespace

Vector label_replace(const Call& call, Vector vector, Workspace& workspace) {
  const std::string& destination = text_argument(call, 1);
  const std::string& replacement = text_argument(call, 2);
  const std::string& source = text_argument(call, 3);
  for (Element& element : vector.elements) {
    const auto groups = call.pattern->groups(element.labels.value(source));
    if (!groups) continue;
    element.labels = with_label(element.labels, destination, expand(replacement, *groups), workspace);
  }
  refuse_duplicates(vector);
  return vector;
}

Vector label_join(const Call& call, Vector vector, Workspace& workspace) {
  for (Element& element : vector.elements) {
    std::vector<std::string> parts;
    for (std::size_t i = 3; i < call.arguments.size(); ++i) {
      parts.emplace_back(element.labels.value(text_argument(call, i)));
    }
    const std::string joined = join(parts, text_argument(call, 2));
    element.labels = with_label(element.labels, text_argument(call, 1), joined, workspace);
  }
  refuse_duplicates(vector);
  return vector;
}

}  // namespace pgvigil::promql
