// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/patch/patchbay.hpp"

#include "common/jack_closing.hpp"
#include "common/jack_thread.hpp"
#include "common/log.hpp"
#include "common/registry.hpp"
#include "session/patch/jack_open.hpp"

#include <jack/jack.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto open_deadline = std::chrono::seconds{5};
constexpr auto reopen_period = std::chrono::milliseconds{50};
constexpr auto first_retry = std::chrono::milliseconds{10};  ///< after JACK refused a connection; then doubling
constexpr auto last_retry = std::chrono::milliseconds{320};
constexpr auto look_anyway = std::chrono::milliseconds{2000};  ///< should an event ever get lost

std::vector<std::string> taken_names(const char** names) {
    std::vector<std::string> result;
    for (const char** name = names; name != nullptr && *name != nullptr; ++name) {
        result.emplace_back(*name);
    }
    jack_free(names);
    return result;
}

}  // namespace

GraphView look_at_graph(jack_client_t* client, const std::string& server) {
    GraphView graph;
    for (const std::string& name : taken_names(jack_get_ports(client, nullptr, nullptr, 0))) {
        const jack_port_t* port = jack_port_by_name(client, name.c_str());
        if (port == nullptr) {
            continue;  // gone in between; its going is an event that brings us back
        }
        const int flags = jack_port_flags(port);
        const char* type = jack_port_type(port);
        const bool midi = type != nullptr && std::strcmp(type, JACK_DEFAULT_MIDI_TYPE) == 0;
        graph.ports.push_back({name, (flags & JackPortIsOutput) != 0, midi, (flags & JackPortIsPhysical) != 0, {}});
        if ((flags & JackPortIsOutput) != 0) {
            for (const std::string& sink : taken_names(jack_port_get_all_connections(client, port))) {
                graph.links.insert({name, sink});
            }
        }
    }
    std::map<std::string, std::string> plain_names;
    for (const PeerInfo& peer : list_peers(server)) {
        plain_names[peer.jack] = peer.name;
        graph.suite_clients.insert(peer.jack);
    }
    name_ports(graph, plain_names);
    return graph;
}

struct Patchbay::Worker {
    Worker(ControlLoop& control, std::string server_name, WantedGraph wanted_graph,
           std::set<std::string> registering_clients, std::function<void()> changed_action)
        : loop{control},
          server{std::move(server_name)},
          registering{std::move(registering_clients)},
          wanted{std::move(wanted_graph)},
          changed{std::move(changed_action)} {}

    ControlLoop& loop;
    const std::string server;
    const std::set<std::string> registering;
    std::mutex mutex;
    std::condition_variable woken;
    bool awake{true};         ///< guarded by mutex: something may have changed
    bool stopping{false};     ///< guarded by mutex
    bool server_gone{false};  ///< guarded by mutex
    bool done{false};         ///< guarded by mutex
    bool may_open{false};     ///< guarded by mutex
    WantedGraph wanted;       ///< guarded by mutex (a pass works on it under the lock: it is quick)
    std::function<void()> changed;
    std::shared_ptr<const PatchStatus> status{std::make_shared<PatchStatus>()};  ///< guarded by mutex
    jack_client_t* client{nullptr};                                              ///< worker thread only
    JackClosing closing;
    std::set<std::string> complained;  ///< worker thread only

    static void run(const std::shared_ptr<Worker>& self);
    bool open();
    void close();
    bool pass();
    void publish(PatchStatus next);
    void wake() {
        const std::lock_guard lock{mutex};
        awake = true;
        woken.notify_all();
    }
    void lose_server() {
        note_jack_server_lost();
        const std::lock_guard lock{mutex};
        server_gone = true;
        woken.notify_all();
    }
};

bool Patchbay::Worker::open() {
    client = open_jack_client("session-patchbay", server, open_deadline);
    if (client == nullptr) {
        return false;
    }
    {
        const std::lock_guard lock{mutex};
        server_gone = false;
    }
    jack_set_port_registration_callback(
        client,
        [](jack_port_id_t, int, void* self) {
            on_jack_thread([self] {
                static_cast<Worker*>(self)->closing.notice_port();
                static_cast<Worker*>(self)->wake();
            });
        },
        this);
    jack_set_port_connect_callback(
        client,
        [](jack_port_id_t, jack_port_id_t, int, void* self) {
            on_jack_thread([self] { static_cast<Worker*>(self)->wake(); });
        },
        this);
    jack_on_shutdown(
        client, [](void* self) { on_jack_thread([self] { static_cast<Worker*>(self)->lose_server(); }); }, this);
    closing.watch(client);
    if (jack_activate(client) != 0) {
        close();
        return false;
    }
    return true;
}

void Patchbay::Worker::close() {
    if (client != nullptr && !closing.close(std::exchange(client, nullptr))) {
        log_event(LogLevel::error, "jack-close-hangs", {{"client", "session-patchbay"}, {"do", "restart the session"}});
    }
}

/// One look and the steps it asks for. @returns whether JACK refused something
bool Patchbay::Worker::pass() {
    PatchStatus next;
    next.connected = true;
    next.graph = look_at_graph(client, server);
    std::erase_if(next.graph.links, [](const Link& link) { return client_of(link.source).starts_with(exempt_prefix); });
    PatchPlan plan;
    std::size_t waiting = 0;
    {
        const std::lock_guard lock{mutex};
        plan = wanted.plan(next.graph);
    }
    for (const Link& link : plan.disconnect) {
        if (jack_disconnect(client, link.source.c_str(), link.sink.c_str()) == 0) {
            next.graph.links.erase(link);
            log_event(LogLevel::info, "unpatched", {{"source", link.source}, {"sink", link.sink}});
        }
    }
    const auto not_yet_active = [this, &next](const std::string& port) {
        return registering.contains(client_of(port)) && !next.graph.suite_clients.contains(client_of(port));
    };
    for (const Link& link : plan.connect) {
        if (not_yet_active(link.source) || not_yet_active(link.sink)) {
            ++waiting;  // its entry in the registry will wake us
            continue;
        }
        const int result = jack_connect(client, link.source.c_str(), link.sink.c_str());
        if (result == 0 || result == EEXIST) {
            next.graph.links.insert(link);
            complained.erase(link.source + link.sink);
            log_event(LogLevel::info, "patched", {{"source", link.source}, {"sink", link.sink}});
            continue;
        }
        next.failed.push_back(link.source + " -> " + link.sink);
        if (complained.insert(link.source + link.sink).second) {
            log_event(LogLevel::debug, "patch-refused",
                      {{"source", link.source}, {"sink", link.sink}, {"do", "trying again"}});
        }
    }
    const bool refused = !next.failed.empty();
    next.missing = std::move(plan.missing);
    next.wanted = plan.wanted;
    next.made = plan.wanted - next.failed.size() - waiting;
    publish(std::move(next));
    return refused;
}

void Patchbay::Worker::publish(PatchStatus next) {
    const std::lock_guard lock{mutex};
    status = std::make_shared<PatchStatus>(std::move(next));
    if (!stopping) {
        loop.post(changed);
    }
}

void Patchbay::Worker::run(const std::shared_ptr<Worker>& self) {
    std::unique_lock lock{self->mutex};
    auto retry = first_retry;
    bool refused = false;
    while (!self->stopping) {
        if (self->client != nullptr && self->server_gone) {
            self->wanted.forget_made();
            self->may_open = false;  // not before the session's own client has left the dead server, too, and is back
            lock.unlock();
            self->close();
            self->publish({});
            lock.lock();
        } else if (self->client == nullptr && !self->may_open) {
            self->woken.wait(lock, [&self] { return self->may_open || self->stopping; });
        } else if (self->client == nullptr) {
            lock.unlock();
            const bool opened = self->open();
            lock.lock();
            self->awake = true;
            if (!opened) {
                self->woken.wait_for(lock, reopen_period, [&self] { return self->stopping; });
            }
        } else if (self->awake) {
            self->awake = false;
            lock.unlock();
            refused = self->pass();
            lock.lock();
            retry = refused ? std::min(2 * retry, last_retry) : first_retry;
        } else {
            const std::chrono::milliseconds longest = refused ? retry : look_anyway;
            const bool event = self->woken.wait_for(
                lock, longest, [&self] { return self->awake || self->stopping || self->server_gone; });
            self->awake = self->awake || !event;
        }
    }
    lock.unlock();
    self->close();
    lock.lock();
    self->done = true;
    self->woken.notify_all();
}

Patchbay::Patchbay(ControlLoop& loop, std::string server, WantedGraph wanted, std::set<std::string> registering,
                   std::function<void()> changed)
    : worker_{std::make_shared<Worker>(loop, std::move(server), std::move(wanted), std::move(registering),
                                       std::move(changed))} {}

Patchbay::~Patchbay() { stop(std::chrono::milliseconds{0}); }

void Patchbay::start() {
    // The thread shares the worker: should it be stuck inside JACK at the end, it may be left behind.
    std::thread{[worker = worker_] { Worker::run(worker); }}.detach();
}

void Patchbay::server_is(bool there) {
    const std::lock_guard lock{worker_->mutex};
    worker_->may_open = there;
    worker_->server_gone = worker_->server_gone || !there;
    worker_->woken.notify_all();
}

void Patchbay::wake() { worker_->wake(); }

void Patchbay::stop(std::chrono::milliseconds deadline) {
    std::unique_lock lock{worker_->mutex};
    worker_->stopping = true;
    worker_->woken.notify_all();
    worker_->woken.wait_for(lock, deadline, [this] { return worker_->done; });
}

std::shared_ptr<const PatchStatus> Patchbay::status() const {
    const std::lock_guard lock{worker_->mutex};
    return worker_->status;
}

void Patchbay::relist(std::vector<Connection> connections, const GraphView& graph) {
    const std::lock_guard lock{worker_->mutex};
    worker_->wanted.relist(std::move(connections), graph);
}

void Patchbay::want(WantedGraph wanted) {
    {
        const std::lock_guard lock{worker_->mutex};
        worker_->wanted = std::move(wanted);
    }
    wake();
}

}  // namespace crowdjack
