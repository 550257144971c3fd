#include "core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/error.h"

namespace pgvigil {

namespace {

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path, int error) {
  const auto kind =
      error == ENOENT || error == ENOTDIR || error == EISDIR ? Error::Kind::invalid : Error::Kind::unavailable;
  throw Error(kind, fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error)));
}

Fd open_at(const std::filesystem::path& path, int flags, std::string_view what) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) fail(what, path, errno);
  return fd;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Fd open_for_reading(const std::filesystem::path& path) {
  return open_at(path, O_RDONLY, "open");
}

Fd create_file(const std::filesystem::path& path) {
  return open_at(path, O_WRONLY | O_CREAT | O_EXCL, "create");
}

void write_all(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw Error(Error::Kind::unavailable, "cannot write: " + std::generic_category().message(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Fd fd = open_for_reading(path);
  std::string content;
  std::string buffer(64UL * 1024, '\0');
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path, errno);
    if (got == 0) return content;
    content.append(buffer, 0, static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      throw Error(Error::Kind::invalid, fmt::format("{} is larger than {} bytes", path.string(), max_bytes));
    }
  }
}

void sync(const Fd& fd) {
  if (::fsync(fd.get()) != 0) {
    throw Error(Error::Kind::unavailable, "cannot sync: " + std::generic_category().message(errno));
  }
}

void sync_folder(const std::filesystem::path& folder) {
  sync(open_at(folder, O_RDONLY | O_DIRECTORY, "open folder"));
}

void write_file_durably(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path partial = fmt::format("{}.partial-{}", path.string(), ::getpid());
  try {
    const Fd fd = open_at(partial, O_WRONLY | O_CREAT | O_TRUNC, "create");
    write_all(fd, content);
    sync(fd);
  } catch (const Error& error) {
    ::unlink(partial.c_str());
    throw error.in(path.string());
  }
  if (std::rename(partial.c_str(), path.c_str()) != 0) fail("rename to", path, errno);
  sync_folder(path.parent_path().empty() ? "." : path.parent_path());
}

void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) fail("rename to", to, errno);
  sync_folder(to.parent_path().empty() ? "." : to.parent_path());
}

Fd lock_file(const std::filesystem::path& path) {
  Fd fd = open_at(path, O_RDWR | O_CREAT, "open");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) fail("lock", path, errno);
  throw Error(Error::Kind::unavailable, fmt::format("{} is locked by another process", path.string()));
}

}  // namespace pgvigil
