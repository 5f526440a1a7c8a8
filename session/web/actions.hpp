// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/web/access.hpp"
#include "session/web/http_types.hpp"
#include "session/web/suite.hpp"

#include <functional>
#include <set>
#include <string>

namespace crowdjack::web {

/// What viewers want done: over their WebSocket, or as a request of its own. Asking needs nothing, acting the token.
/// Control thread only.
class Actions {
public:
    using Send = std::function<void(SocketId, std::string)>;
    using Close = std::function<void(SocketId)>;

    /// @param suite, gate  outlive this
    Actions(Suite& suite, TokenGate& gate, Send send, Close close);

    /// A text of a viewer's:
    /// `{"id":1,"token":"…"}` lets it act from here on, `{"id":2,"say":"/mixer/A/gain","args":[0.5]}` acts or asks,
    /// `{"id":3,"restart":"deck-A"}` has a client started again.
    /// Answered `{"re":1,"ok":true,"values":[…]}` or `{"re":2,"ok":false,"error":"…"}`.
    void heard(SocketId socket, const std::string& remote, const SocketMessage& message);
    void gone(SocketId socket) { trusted_.erase(socket); }

    /// `POST /send` of `{"address":"/mixer/A/gain","args":[0.5]}` with `Authorization: Bearer TOKEN`.
    void requested(const HttpRequest& request, const Respond& respond);

private:
    void try_token(SocketId socket, const std::string& remote, const Json& id, const std::string& token);
    void restart(SocketId socket, const Json& id, const std::string& client);
    void say(SocketId socket, const Json& id, const std::string& address, const Json& arguments);
    void answer(SocketId socket, const Json& id, const Suite::Answer& answer);
    void refuse(SocketId socket, const Json& id, const std::string& why);
    void log_wrong_token(const std::string& remote);

    Suite& suite_;
    TokenGate& gate_;
    Send send_;
    Close close_;
    std::set<SocketId> trusted_;
};

}  // namespace crowdjack::web
