#pragma once

#include "collectors/pause_switch.h"
#include "exporter/http_server.h"

// /api/v1/pause and /api/v1/resume: the pause switch for programs and for who has no shell on this host. The answer is
// the state: {"paused": true, "reason": "…"}.
namespace pgvigil {

HttpReply pause_state(const PauseSwitch& pause);

// The body is {"reason": "…"}; 400 when it is anything else. Throws Error as PauseSwitch::pause does.
HttpReply pause_by_request(const PauseSwitch& pause, const HttpQuery& query);

// 400 when the body is anything but {}.
HttpReply resume_by_request(const PauseSwitch& pause, const HttpQuery& query);

}  // namespace pgvigil
