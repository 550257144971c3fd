#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace pgvigil {

// The limit of what all tasks together may report, so that a schema which grew beyond all measure costs memory and
// scrapes up to a point and no further. When all want more than there is, the largest ones are cut, all of those to the
// same size, and the small ones that people are woken by stay whole. Who is cut depends on what everybody wants and
// not on who asked first, once all have asked: what a task was given before the others were known it keeps until it
// asks again, and until then they may have more together than the limit. Any thread.
class SeriesBudget {
 public:
  explicit SeriesBudget(std::size_t most) : most_(most) {}

  // How many of the `wanted` series the task may report now.
  std::size_t allow(const std::string& task, std::size_t wanted);

 private:
  std::size_t level() const;

  const std::size_t most_;
  std::mutex mutex_;                           // guards wanted_
  std::map<std::string, std::size_t> wanted_;  // by task, when it asked last
};

}  // namespace pgvigil
