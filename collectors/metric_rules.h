#pragma once

#include <string>
#include <vector>

#include "collectors/catalog.h"

// Prometheus' rules for names, as far as a program can tell that they are broken. Pure.
namespace pgvigil {

// Why a column must not be used as it is; empty when it may.
std::string forbidden(const CatalogColumn& column);

// What its name should be and is not. Such a name works, and misleads whoever reads a dashboard.
std::vector<std::string> naming_advice(const CatalogColumn& column);

}  // namespace pgvigil
