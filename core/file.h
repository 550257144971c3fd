#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

// Files and folders, with the durability that backups need. Every function throws Error (unavailable, or invalid for a
// file that is not there) with the path and the system's reason.
namespace pgvigil {

// Owns a file descriptor, always close-on-exec.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

Fd open_for_reading(const std::filesystem::path& path);

// Creates the file (0600); it must not exist yet.
Fd create_file(const std::filesystem::path& path);

void write_all(const Fd& fd, std::string_view bytes);

// At most `max_bytes`; more is an error, so that a wrong path cannot fill the memory.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes = 1 << 20);

// fsync of a file or folder.
void sync(const Fd& fd);
void sync_folder(const std::filesystem::path& folder);

// Writes path.partial-<pid>, syncs it, renames it and syncs the folder: afterwards the file is there whole or not at
// all.
void write_file_durably(const std::filesystem::path& path, std::string_view content);

// Renames within one folder and syncs that folder. Throws when `to` exists: a backup is never overwritten.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// Takes the file (made when it is not there) for this process alone, until the descriptor is closed or the process
// ends. Throws Error::unavailable when another process has it.
Fd lock_file(const std::filesystem::path& path);

}  // namespace pgvigil
