#include "alerts/rule_override.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace pgvigil {

RuleOverrides::RuleOverrides(Section& alerts) {
  auto section = alerts.section("override");
  if (!section) return;
  for (const auto& [id, patch] : section->members()) {
    if (!patch.is_map()) {
      patch.fail("a map of what is to be different about the rule is expected");
      continue;
    }
    const auto members = patch.members();
    const auto has_id =
        std::find_if(members.begin(), members.end(), [](const auto& member) { return member.first.written() == "id"; });
    if (has_id != members.end()) {
      has_id->second.fail("the id of a rule cannot be changed");
      continue;
    }
    patches_.emplace(id, Patch{patch});
  }
}

Section RuleOverrides::apply(Section rule) {
  const auto id = rule.value("id");
  const auto found = id && id->is_scalar() ? patches_.find(id->written()) : patches_.end();
  if (found == patches_.end()) return rule;
  found->second.used = true;
  return rule.patched(found->second.value);
}

void RuleOverrides::report_unused(const std::vector<std::string>& ids) const {
  for (const auto& [id, patch] : patches_) {
    if (patch.used) continue;
    const auto meant = closest(id, ids);
    patch.value.fail(fmt::format("there is no rule {}{}", id, meant ? fmt::format("; did you mean {}?", *meant) : ""));
  }
}

}  // namespace pgvigil
