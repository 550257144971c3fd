#pragma once

#include <filesystem>
#include <string>
#include <string_view>

// Folders that a run makes for itself and that are taken away when it fails or the agent died. A marker file with the
// run's id says whose a folder is; nothing is ever removed without it. Any thread.
namespace pgvigil {

// Makes `folder` (0700; it must not exist yet, its parents are made) with the marker of run `run`. Throws Error.
void make_owned_folder(const std::filesystem::path& folder, std::string_view run);

// Whether the marker of that run is in the folder. Throws Error::unavailable when that cannot be seen.
bool owns_folder(const std::filesystem::path& folder, std::string_view run);

// Removes the folder and all that is in it. True when it is gone (or never was), false when it stays because it does
// not carry the run's marker. Throws Error::unavailable when the system refuses; it can then be tried again.
bool remove_owned_folder(const std::filesystem::path& folder, std::string_view run);

// Takes the marker away: the folder is here to stay.
void release_owned_folder(const std::filesystem::path& folder);

}  // namespace pgvigil
