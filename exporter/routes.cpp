#include "exporter/routes.h"

namespace pgvigil {

HttpReply Routes::answer(const HttpQuery& query) const {
  const auto found = handlers_.find(query.path);
  if (found != handlers_.end()) return found->second(query);
  HttpReply reply;
  reply.status = 404;
  reply.body = "not found; there is";
  for (const auto& entry : handlers_) reply.body += " " + entry.first;
  reply.body += "\n";
  return reply;
}

}  // namespace pgvigil
