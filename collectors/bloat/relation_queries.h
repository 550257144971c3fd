#pragma once

#include <string_view>

// The SQL that RelationReader sends. $1 is the floor in bytes. Column statistics come as one text a relation: columns
// apart by commas, "length alignment width null_share distinct" of one apart by spaces.
namespace pgvigil::relation_queries {

// By kind, how many relations were never analyzed, are below the floor, and are neither.
extern const std::string_view counts;
// The 2,000 largest of each, with what RelationFacts holds.
extern const std::string_view tables;
extern const std::string_view indexes;

}  // namespace pgvigil::relation_queries
