#include "exporter/page_names.h"

#include <algorithm>
#include <unordered_map>

namespace pgvigil {

namespace {

constexpr std::string_view counter_suffix = "_total";

using Owners = std::unordered_map<std::string_view, std::size_t>;

Owners first_owners(const std::vector<const std::vector<Family>*>& page) {
  Owners owners;
  for (std::size_t place = 0; place < page.size(); ++place) {
    for (const Family& family : *page[place]) owners.emplace(family.name, place);
  }
  return owners;
}

Neighbours neighbours_at(std::size_t place, const std::vector<Family>& families, const Owners& owners) {
  Neighbours result;
  for (const Family& family : families) {
    if (owners.at(family.name) != place) result.taken.insert(family.name);
    if (family.type != MetricType::counter) continue;
    const std::string_view base = counter_base(family.name);
    const auto owner = owners.find(base);
    if (owner != owners.end() && owner->second != place) result.bases.emplace(base);
  }
  return result;
}

}  // namespace

std::string_view counter_base(std::string_view name) {
  return name.ends_with(counter_suffix) ? name.substr(0, name.size() - counter_suffix.size()) : std::string_view();
}

bool same_names(const std::vector<Family>& one, const std::vector<Family>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Family& a, const Family& b) { return a.name == b.name && a.type == b.type; });
}

std::vector<Neighbours> neighbours_of(const std::vector<const std::vector<Family>*>& page) {
  const Owners owners = first_owners(page);
  std::vector<Neighbours> result;
  result.reserve(page.size());
  for (std::size_t place = 0; place < page.size(); ++place) {
    result.push_back(neighbours_at(place, *page[place], owners));
  }
  return result;
}

}  // namespace pgvigil
