#include "collectors/backup/folder_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "collectors/backup/owned_folder.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr std::string_view manifest_name = "manifest.json";
constexpr std::size_t max_manifest = 64 << 20;  // some hundred thousand tables
constexpr std::size_t piece = 256 << 10;

// A manifest may come from anywhere: what it names must stay inside its set.
void check_name(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos || name == manifest_name) {
    throw Error(Error::Kind::invalid, fmt::format("'{}' cannot be an object of a backup", name));
  }
}

class FileSink final : public ByteSink {
 public:
  explicit FileSink(std::filesystem::path path)
      : path_(std::move(path)), partial_(path_.string() + ".partial"), fd_(create_file(partial_)) {}

  void write(std::string_view bytes) override {
    try {
      write_all(fd_, bytes);
    } catch (const Error& error) {
      throw error.in(partial_.string());
    }
  }

  void finish() override {
    sync(fd_);
    fd_.reset();
    rename_durably(partial_, path_);
  }

 private:
  std::filesystem::path path_;
  std::filesystem::path partial_;
  Fd fd_;
};

class FolderSet final : public PartialSet {
 public:
  FolderSet(std::filesystem::path folder, std::string id) : folder_(std::move(folder)), id_(std::move(id)) {
    make_owned_folder(folder_, id_);
  }

  ~FolderSet() override {
    if (committed_) return;
    try {
      std::filesystem::remove(folder_ / manifest_name);  // first: a manifest without its data would be a lie
      remove_owned_folder(folder_, id_);
    } catch (const std::exception& error) {
      log::error("a partial backup is left over: {}", error.what());
    }
  }

  std::unique_ptr<ByteSink> create(const std::string& object) override {
    check_name(object);
    return std::make_unique<FileSink>(folder_ / object);
  }

  void commit(const Manifest& manifest) override {
    write_file_durably(folder_ / manifest_name, to_json(manifest).dump(2) + "\n");
    committed_ = true;
    try {
      release_owned_folder(folder_);
    } catch (const Error& error) {
      log::warn("{}", error.what());  // the backup is there all the same
    }
  }

 private:
  std::filesystem::path folder_;
  std::string id_;
  bool committed_ = false;
};

}  // namespace

bool is_committed_set(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(folder / manifest_name, error);
  if (status.type() == std::filesystem::file_type::none) {
    throw Error(Error::Kind::unavailable, fmt::format("cannot look into {}: {}", folder.string(), error.message()));
  }
  return std::filesystem::is_regular_file(status);
}

std::unique_ptr<PartialSet> FolderStore::begin(const std::string& id) {
  return std::make_unique<FolderSet>(folder_ / id, id);
}

std::vector<std::string> FolderStore::ids() const {
  std::vector<std::string> result;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder_, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (is_committed_set(entry->path())) result.push_back(entry->path().filename().string());
  }
  // Before the first backup there is no folder yet. Any other failure must not look like an empty store.
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(Error::Kind::unavailable, fmt::format("cannot list {}: {}", folder_.string(), error.message()));
  }
  return result;
}

Manifest FolderStore::manifest(const std::string& id) const {
  const std::filesystem::path file = folder_ / id / manifest_name;
  try {
    Manifest manifest = manifest_from_json(Json::parse(read_file(file, max_manifest)));
    if (manifest.id != id) throw Error(Error::Kind::invalid, fmt::format("it is the manifest of {}", manifest.id));
    return manifest;
  } catch (const Error& error) {
    throw error.in(file.string());
  }
}

void FolderStore::read(const std::string& id, const std::string& object, ByteSink& to,
                       const std::stop_token& stop) const {
  check_name(object);
  const std::filesystem::path file = folder_ / id / object;
  const Fd fd = open_for_reading(file);
  std::string buffer(piece, '\0');
  while (true) {
    if (stop.stop_requested())
      throw Error(Error::Kind::cancelled, fmt::format("stopped while reading {}", file.string()));
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw Error(Error::Kind::unavailable,
                  fmt::format("cannot read {}: {}", file.string(), std::generic_category().message(errno)));
    }
    if (got == 0) return;
    to.write({buffer.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace pgvigil
