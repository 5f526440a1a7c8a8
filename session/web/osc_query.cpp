// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/osc_query.hpp"

#include "session/web/url.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack::web {

namespace {

constexpr std::size_t most_listens = 512;  ///< of one socket

std::string host_name(const std::string& host) { return host.substr(0, host.rfind(':')); }

/// The name of the attribute that is asked for; empty when all are.
std::string attribute_of(const std::string& query) {
    const std::string name = query.substr(0, query.find('&'));
    return name.substr(0, name.find('='));
}

/// As the TYPE of the node says, where it leaves a choice.
std::vector<OscAtom> atoms_of(const Json& values, const std::string& type) {
    std::vector<OscAtom> atoms;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Json& value = values[i];
        if (value.is_string()) {
            atoms.emplace_back(value.get<std::string>());
        } else if (value.is_boolean()) {
            atoms.emplace_back(value.get<bool>());
        } else if (value.is_number_integer()) {
            atoms.emplace_back(value.get<std::int32_t>());
        } else if (value.is_number() && i < type.size() && type[i] == 'd') {
            atoms.emplace_back(value.get<double>());
        } else if (value.is_number()) {
            atoms.emplace_back(value.get<float>());
        } else {
            atoms.emplace_back(OscNothing{});
        }
    }
    return atoms;
}

}  // namespace

HttpResponse json_response(const Json& document) { return {200, "application/json", dumped(document) + "\n", {}}; }

/// Asks everybody at and below a path; done when all have answered or been given up.
struct OscQuery::Gathering {
    OscTree::Values values;
    std::size_t open{1};  ///< one for the asking itself
    std::function<void(const OscTree::Values&)> done;

    void one_less() {
        if (--open == 0) {
            done(values);
        }
    }
};

OscQuery::OscQuery(Suite& suite, std::uint16_t port, Send send) : suite_{suite}, port_{port}, send_{std::move(send)} {}

OscTree OscQuery::tree() { return OscTree{{suite_.decks(), suite_.strips()}}; }

Json OscQuery::host_info(const std::string& host) {
    const std::string name = host_name(host);
    return {{"NAME", "crowdjack"},
            {"OSC_IP", name},
            {"OSC_PORT", suite_.door_port()},
            {"OSC_TRANSPORT", "UDP"},
            {"WS_IP", name},
            {"WS_PORT", port_},
            {"EXTENSIONS",
             {{"ACCESS", true},
              {"VALUE", true},
              {"RANGE", true},
              {"DESCRIPTION", true},
              {"UNIT", true},
              {"CLIPMODE", true},
              {"LISTEN", true},
              {"PATH_CHANGED", false}}}};
}

void OscQuery::gather(const OscTree& tree, const std::string& path, std::function<void(const OscTree::Values&)> done) {
    const auto gathering = std::make_shared<Gathering>();
    gathering->done = std::move(done);
    for (const OscNode* const node : tree.below(path)) {
        if (!node->readable() || node->description->way.role == protocol::Role::event) {
            continue;
        }
        ++gathering->open;
        suite_.say(node->path, Json::array(), [gathering, held = *node](const Suite::Answer& answer) {
            if (answer.good) {
                gathering->values[held.path] = value_of(held, answer.values);
            }
            gathering->one_less();
        });
    }
    gathering->one_less();
}

void OscQuery::requested(const std::string& path, const HttpRequest& request, const Respond& respond) {
    const std::string attribute = attribute_of(request.query);
    if (attribute == "HOST_INFO") {
        respond(json_response(host_info(request.host)));
        return;
    }
    const OscTree described = tree();
    if (!described.has(path) && path != "/") {
        respond({404, "text/plain; charset=utf-8", "There is no such address.\n", {}});
        return;
    }
    if (!attribute.empty() && !OscTree::is_attribute(attribute)) {
        respond({400, "text/plain; charset=utf-8", "There is no such attribute.\n", {}});
        return;
    }
    if (!attribute.empty() && attribute != "VALUE" && attribute != "CONTENTS") {
        answer(path, request, {}, respond);
        return;
    }
    gather(described, path,
           [this, path, request, respond](const OscTree::Values& values) { answer(path, request, values, respond); });
}

void OscQuery::answer(const std::string& path, const HttpRequest& request, const OscTree::Values& values,
                      const Respond& respond) {
    const OscTree described = tree();
    const std::string name = attribute_of(request.query);
    if (name.empty()) {
        respond(json_response(described.document(path, values)));
        return;
    }
    if (name == "CONTENTS") {
        const Json all = described.document(path, values);
        respond(all.contains(name) ? json_response({{name, all[name]}})
                                   : HttpResponse{204, "application/json", "", {}});
        return;
    }
    const auto attribute = described.attribute(path, name, values);
    respond(attribute ? json_response(*attribute) : HttpResponse{204, "application/json", "", {}});
}

void OscQuery::heard(SocketId socket, const SocketMessage& message) {
    const Json document = message.binary ? Json(Json::value_t::discarded) : Json::parse(message.data, nullptr, false);
    if (!document.is_object() || !document.contains("COMMAND") || !document["COMMAND"].is_string()) {
        return;  // what it does not know, a server of OSCQuery passes over
    }
    const auto data = document.find("DATA");
    if (data == document.end() || !data->is_string()) {
        return;
    }
    if (document["COMMAND"] == "LISTEN") {
        listen(socket, data->get<std::string>());
    } else if (document["COMMAND"] == "IGNORE") {
        ignore(socket, data->get<std::string>());
    }
}

void OscQuery::listen(SocketId socket, const std::string& path) {
    const OscTree described = tree();
    const OscNode* const node = described.node(path);
    if (node == nullptr || !node->readable() || node->description->way.role == protocol::Role::event ||
        counts_[socket] >= most_listens) {
        return;
    }
    if (listeners_[path].sockets.insert(socket).second) {
        ++counts_[socket];
    }
}

void OscQuery::ignore(SocketId socket, const std::string& path) {
    const auto found = listeners_.find(path);
    if (found != listeners_.end() && found->second.sockets.erase(socket) > 0) {
        --counts_[socket];
        if (found->second.sockets.empty()) {
            listeners_.erase(found);
        }
    }
}

void OscQuery::gone(SocketId socket) {
    counts_.erase(socket);
    for (auto each = listeners_.begin(); each != listeners_.end();) {
        each->second.sockets.erase(socket);
        each = each->second.sockets.empty() ? listeners_.erase(each) : std::next(each);
    }
}

void OscQuery::turn() {
    std::vector<std::string> paths;
    for (auto& [path, listened] : listeners_) {
        if (!std::exchange(listened.asked, true)) {
            paths.push_back(path);
        }
    }
    for (const std::string& path : paths) {
        suite_.say(path, Json::array(), [this, path](const Suite::Answer& answer) {
            const auto found = listeners_.find(path);
            if (found == listeners_.end()) {
                return;
            }
            Listened& listened = found->second;
            listened.asked = false;
            if (answer.good && (!listened.known || listened.value != answer.values)) {
                const bool news = listened.known;
                listened.known = true;
                listened.value = answer.values;
                if (news) {
                    changed(path, listened);
                }
            }
        });
    }
}

void OscQuery::changed(const std::string& path, Listened& listened) {
    const OscTree described = tree();
    const OscNode* const node = described.node(path);
    if (node == nullptr) {
        return;
    }
    const OscMessage message{path, atoms_of(value_of(*node, listened.value), node->type())};
    const std::vector<char> packet = message.serialised();
    for (const SocketId socket : listened.sockets) {
        send_(socket, {true, {packet.begin(), packet.end()}});
    }
}

}  // namespace crowdjack::web
