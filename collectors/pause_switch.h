#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace pgvigil {

// Whether collectors leave the server alone because somebody said so: a file in the state folder, so that it outlives a
// restart and can be set with `touch` when nothing else works. The prober goes on, jobs go on. Any thread.
class PauseSwitch {
 public:
  static constexpr std::size_t longest_reason = 200;  // in bytes; the rest is cut off

  explicit PauseSwitch(const std::filesystem::path& state_dir) : file_(state_dir / "paused") {}

  bool paused() const;
  // What the file says: who paused it and why.
  std::string reason() const;

  // Throws Error when the file cannot be written or removed.
  void pause(const std::string& reason) const;
  void resume() const;

  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
};

}  // namespace pgvigil
