#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/import/branch.h"

namespace pgvigil {

// A collector as a file of the catalogue's schema (YAML), which decode_catalog_entry reads back as the same. Pure.
std::string catalog_text(const ImportedCollector& collector);

// Several in one file: a list `collectors`.
std::string catalog_text(const std::vector<ImportedCollector>& collectors);

// A text as a YAML scalar that the project's reader gives back unchanged: in quotes, ${ written as $${.
std::string yaml_quoted(std::string_view text);

}  // namespace pgvigil
