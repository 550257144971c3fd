#include "exporter/routes.h"

#include "exporter/change_guard.h"

namespace pgvigil {

HttpReply Routes::answer(const HttpQuery& query) const {
  const auto found = handlers_.find(query.path);
  if (found == handlers_.end()) {
    HttpReply reply = text_reply(404, "not found; there is");
    for (const auto& entry : handlers_) reply.body += " " + entry.first;
    reply.body += "\n";
    return reply;
  }
  const bool changes = query.method == "POST";
  const Handler& handler = changes ? found->second.change : found->second.look;
  if (!handler) {
    HttpReply reply = text_reply(405, changes ? "nothing can be changed here\n" : "this path takes POST only\n");
    reply.headers.emplace_back("Allow", changes ? "GET, HEAD" : "POST");
    return reply;
  }
  if (changes) {
    if (auto refused = refuse_change(query)) return std::move(*refused);
  }
  return handler(query);
}

}  // namespace pgvigil
