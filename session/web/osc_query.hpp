// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/web/http_types.hpp"
#include "session/web/osc_tree.hpp"
#include "session/web/suite.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace crowdjack::web {

/// A document as the answer to a request.
[[nodiscard]] HttpResponse json_response(const Json& document);

/// The OSCQuery proposal for the running suite: its tree over HTTP, changes over WebSocket (LISTEN). Values are asked
/// of the clients when somebody wants them, never before. Control thread only.
class OscQuery {
public:
    using Send = std::function<void(SocketId, SocketMessage)>;

    /// @param suite  outlives this; @param port  where this is served
    OscQuery(Suite& suite, std::uint16_t port, Send send);

    /// `GET PATH?ATTRIBUTE` with a path of the tree.
    void requested(const std::string& path, const HttpRequest& request, const Respond& respond);
    /// `{"COMMAND":"LISTEN","DATA":"/path"}` and IGNORE.
    void heard(SocketId socket, const SocketMessage& message);
    void gone(SocketId socket);

    /// Ten times a second: asks for what is listened to.
    void turn();
    [[nodiscard]] bool has_listeners() const noexcept { return !listeners_.empty(); }

private:
    struct Gathering;
    struct Listened {
        std::set<SocketId> sockets;
        std::vector<Json> value;
        bool known{false}, asked{false};
    };

    [[nodiscard]] OscTree tree();
    [[nodiscard]] Json host_info(const std::string& host);
    void gather(const OscTree& tree, const std::string& path, std::function<void(const OscTree::Values&)> done);
    void answer(const std::string& path, const HttpRequest& request, const OscTree::Values& values,
                const Respond& respond);
    void listen(SocketId socket, const std::string& path);
    void ignore(SocketId socket, const std::string& path);
    void changed(const std::string& path, Listened& listened);

    Suite& suite_;
    std::uint16_t port_;
    Send send_;
    std::map<std::string, Listened> listeners_;
    std::map<SocketId, std::size_t> counts_;
};

}  // namespace crowdjack::web
