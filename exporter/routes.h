#pragma once

#include <functional>
#include <map>
#include <string>

#include "exporter/http_server.h"

namespace pgvigil {

// Paths and who answers them.
class Routes {
 public:
  using Handler = std::function<HttpReply(const HttpQuery&)>;
  void add(const std::string& path, Handler handler) { handlers_[path] = std::move(handler); }

  // 404 with the list of paths for anything else.
  HttpReply answer(const HttpQuery& query) const;

 private:
  std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace pgvigil
