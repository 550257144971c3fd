#include "exporter/text_format.h"

#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace pgvigil {

namespace {

// Families of one name, in the order in which the names appear.
using Group = std::vector<const Family*>;
std::vector<Group> group_by_name(const std::vector<Family>& families) {
  std::vector<Group> groups;
  std::map<std::string_view, std::size_t> places;
  for (const Family& family : families) {
    const auto [place, fresh] = places.emplace(family.name, groups.size());
    if (fresh) groups.emplace_back();
    groups[place->second].push_back(&family);
  }
  return groups;
}

struct Heading {
  std::string_view name;
  std::string_view type;
};

Heading heading_of(const Family& family, MetricsFormat format, const std::unordered_set<std::string_view>& names,
                   const Neighbours& neighbours) {
  if (format == MetricsFormat::prometheus)
    return {family.name, family.type == MetricType::unknown ? "untyped" : to_string(family.type)};
  if (family.type != MetricType::counter) return {family.name, to_string(family.type)};
  const std::string_view base = counter_base(family.name);
  if (base.empty() || names.contains(base) || neighbours.bases.contains(base)) return {family.name, "unknown"};
  return {base, "counter"};
}

// The two lines before a family's samples.
void append_family_header(std::string& out, std::string_view name, std::string_view help, std::string_view type,
                          MetricsFormat format) {
  out.append("# HELP ").append(name).append(" ");
  append_escaped(out, help, format == MetricsFormat::openmetrics ? EscapeQuotes::yes : EscapeQuotes::no);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

// Writes the families of one snapshot, one after another; remembers the label rows that it wrote last.
class FamilyWriter {
 public:
  FamilyWriter(const std::vector<Family>& families, MetricsFormat format, PieceWriter& out,
               const Neighbours& neighbours)
      : format_(format), out_(out), neighbours_(neighbours) {
    for (const Family& family : families) names_.insert(family.name);
  }

  void write(const Group& group) {
    if (neighbours_.taken.contains(group.front()->name)) {
      for (const Family* family : group) duplicates_ += known_series(*family);
    } else if (group.size() == 1) {
      write_samples(*group.front());
    } else {
      write_merged(group);
    }
    header_written_ = false;
  }

  std::size_t duplicates() const { return duplicates_; }

 private:
  const LabelBlocks& blocks_of(const Family& family) {
    if (!blocks_ || !blocks_->serves(family.label_names, family.samples.rows().get()))
      blocks_.emplace(family.label_names, family.samples.rows());
    return *blocks_;
  }

  void write_header(const Family& family) {
    if (std::exchange(header_written_, true)) return;
    const Heading heading = heading_of(family, format_, names_, neighbours_);
    std::string text;
    append_family_header(text, heading.name, family.help, heading.type, format_);
    out_.append(text);
  }

  void write_sample(std::string_view name, std::string_view labels, double value) {
    char* to = out_.room(name.size() + labels.size() + longest_value + 2);
    std::memcpy(to, name.data(), name.size());
    to += name.size();
    std::memcpy(to, labels.data(), labels.size());
    to += labels.size();
    *to++ = ' ';
    to = write_value(to, value);
    *to++ = '\n';
    out_.commit(to);
  }

  // Whether a row before this one has the same labels and a value.
  static bool stands_already(const LabelBlocks& blocks, const std::vector<double>& values, std::size_t row) {
    for (std::uint32_t other = blocks.equal_before(row); other != LabelBlocks::none;
         other = blocks.equal_before(other)) {
      if (!std::isnan(values[other])) return true;
    }
    return false;
  }

  void write_samples(const Family& family) {
    const std::vector<double>& values = family.samples.values();
    if (values.empty()) return;
    const LabelBlocks& blocks = blocks_of(family);
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (std::isnan(values[row])) continue;
      if (stands_already(blocks, values, row)) {
        ++duplicates_;
        continue;
      }
      if (!header_written_) write_header(family);
      write_sample(family.name, blocks[row], values[row]);
    }
  }

  void write_merged(const Group& group) {
    std::unordered_set<std::string> seen;
    for (const Family* family : group) {
      const std::vector<double>& values = family->samples.values();
      for (std::size_t row = 0; row < values.size(); ++row) {
        if (std::isnan(values[row])) continue;
        const std::string_view labels = blocks_of(*family)[row];
        if (!seen.emplace(labels).second) {
          ++duplicates_;
          continue;
        }
        write_header(*group.front());
        write_sample(family->name, labels, values[row]);
      }
    }
  }

  const MetricsFormat format_;
  PieceWriter& out_;
  const Neighbours& neighbours_;
  std::unordered_set<std::string_view> names_;
  std::optional<LabelBlocks> blocks_;
  bool header_written_ = false;
  std::size_t duplicates_ = 0;
};

}  // namespace

std::size_t write_families(const std::vector<Family>& families, MetricsFormat format, PieceWriter& out,
                           const Neighbours& neighbours) {
  FamilyWriter writer(families, format, out, neighbours);
  for (const Group& group : group_by_name(families)) writer.write(group);
  return writer.duplicates();
}

RenderedText render_text(const std::vector<Family>& families, MetricsFormat format) {
  RenderedText result;
  PieceWriter out([&result](std::string_view piece) { result.text += piece; });
  result.duplicates = write_families(families, format, out);
  out.finish();
  return result;
}

std::string_view end_of_page(MetricsFormat format) {
  return format == MetricsFormat::openmetrics ? "# EOF\n" : "";
}

}  // namespace pgvigil
