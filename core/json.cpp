#include "core/json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace pgvigil {

namespace {

using Tree = nlohmann::ordered_json;

Json from_tree(const Tree& tree) {
  switch (tree.type()) {
    case Tree::value_t::boolean: return tree.get<bool>();
    case Tree::value_t::number_integer: return tree.get<std::int64_t>();
    case Tree::value_t::number_unsigned:
      if (tree.get<std::uint64_t>() > INT64_MAX) return tree.get<double>();
      return tree.get<std::int64_t>();
    case Tree::value_t::number_float: return tree.get<double>();
    case Tree::value_t::string: return tree.get<std::string>();
    case Tree::value_t::array: {
      Json::Array items;
      for (const Tree& item : tree) items.push_back(from_tree(item));
      return items;
    }
    case Tree::value_t::object: {
      Json::Object members;
      for (const auto& [key, value] : tree.items()) members.emplace_back(key, from_tree(value));
      return members;
    }
    case Tree::value_t::null:
    case Tree::value_t::binary:
    case Tree::value_t::discarded: break;
  }
  return {};
}

struct ToTree {
  Tree operator()(std::monostate) const { return nullptr; }
  Tree operator()(bool value) const { return value; }
  Tree operator()(std::int64_t value) const { return value; }
  Tree operator()(double value) const { return value; }
  Tree operator()(const std::string& value) const { return value; }
  Tree operator()(const Json::Array& items) const;
  Tree operator()(const Json::Object& members) const;
};

Tree ToTree::operator()(const Json::Array& items) const {
  Tree result = Tree::array();
  for (const Json& item : items) result.push_back(item.visit(*this));
  return result;
}

Tree ToTree::operator()(const Json::Object& members) const {
  Tree result = Tree::object();
  for (const auto& [key, value] : members) result[key] = value.visit(*this);
  return result;
}

}  // namespace

Json Json::parse(std::string_view text) {
  try {
    return from_tree(Tree::parse(text));
  } catch (const Tree::exception& error) {
    throw Error(Error::Kind::invalid, std::string("not JSON: ") + error.what());
  }
}

std::string Json::dump(int indent) const {
  return visit(ToTree{}).dump(indent, ' ', false, Tree::error_handler_t::replace);
}

const Json& Json::operator[](std::string_view key) const {
  static const Json null;
  for (const auto& [name, value] : object()) {
    if (name == key) return value;
  }
  return null;
}

bool Json::boolean() const {
  const auto* value = std::get_if<bool>(&value_);
  return value != nullptr && *value;
}

std::int64_t Json::integer() const {
  const auto* value = std::get_if<std::int64_t>(&value_);
  return value == nullptr ? 0 : *value;
}

double Json::number() const {
  const auto* value = std::get_if<double>(&value_);
  return value == nullptr ? static_cast<double>(integer()) : *value;
}

const std::string& Json::text() const {
  static const std::string empty;
  const auto* value = std::get_if<std::string>(&value_);
  return value == nullptr ? empty : *value;
}

const Json::Array& Json::array() const {
  static const Array empty;
  const auto* value = std::get_if<Array>(&value_);
  return value == nullptr ? empty : *value;
}

const Json::Object& Json::object() const {
  static const Object empty;
  const auto* value = std::get_if<Object>(&value_);
  return value == nullptr ? empty : *value;
}

}  // namespace pgvigil
