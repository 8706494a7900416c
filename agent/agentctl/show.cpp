// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>

#include "agentctl/sheet.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {

Status show_reply(const std::string& socket, const char* method, const nlohmann::json& asked, bool as_json,
                  std::string (*render)(const nlohmann::json& reply, const PageStyle& style)) {
  const auto reply = varlink_call(socket, method, asked);
  if (!reply) return tl::unexpected(reply.error());
  const std::string out = as_json ? page::json_text(*reply) : render(*reply, terminal_style());
  std::fwrite(out.data(), 1, out.size(), stdout);
  return {};
}

}  // namespace ebb
