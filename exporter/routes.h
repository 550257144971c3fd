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

  // For GET and HEAD.
  void add(const std::string& path, Handler handler) { handlers_[path].look = std::move(handler); }
  // For POST: what changes something. Only who may change something gets to the handler (change_guard.h).
  void add_change(const std::string& path, Handler handler) { handlers_[path].change = std::move(handler); }

  // 404 with the list of paths for a path that is not there, 405 for a method that it does not have.
  HttpReply answer(const HttpQuery& query) const;

 private:
  struct Handlers {
    Handler look;
    Handler change;
  };
  std::map<std::string, Handlers, std::less<>> handlers_;
};

}  // namespace pgvigil
