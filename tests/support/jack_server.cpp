// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/jack_server.hpp"

#include "common/jack_closing.hpp"
#include "common/jack_door.hpp"
#include "tests/support/jack_hang.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace crowdjack::test {

namespace {

void say_nothing(const char* /*message*/) {}

void refuse_shared_world() {
    const char* isolated = std::getenv("CROWDJACK_ISOLATED");
    if (isolated == nullptr || std::string_view{isolated} != "yes") {
        throw std::runtime_error{
            "this test starts JACK servers: run it as `tests/support/isolated PROGRAM` (meson test does)"};
    }
}

std::mutex opened_mutex;
std::map<jack_client_t*, std::unique_ptr<JackClosing>> opened;  ///< guarded by opened_mutex

int observe(jack_nframes_t /*frames*/, void* /*unused*/) { return 0; }

}  // namespace

void end_hung(const std::string& call) {
    std::fprintf(stderr, "libjack hangs in %s\n", call.c_str());
    if (after_jack_hang != nullptr) {
        after_jack_hang();
    }
    std::fflush(nullptr);  // what the cases said so far
    std::_Exit(3);
}

jack_client_t* open_client(const std::string& server, const std::string& name) {
    jack_set_error_function(say_nothing);
    jack_set_info_function(say_nothing);
    const auto options = static_cast<jack_options_t>(JackNoStartServer | JackServerName);
    auto opening = std::async(std::launch::async, [&] {
        // As the programs do: two that open at once can kill each other in libjack's metadata store.
        const JackDoor turn{std::chrono::seconds{1}};
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): JACK's own interface
        return jack_client_open(name.c_str(), options, nullptr, server.c_str());
    });
    if (opening.wait_for(std::chrono::seconds{30}) != std::future_status::ready) {
        end_hung("jack_client_open() of " + name);
    }
    jack_client_t* client = opening.get();
    if (client == nullptr) {
        throw std::runtime_error{"cannot open " + name + " on " + server};
    }
    note_jack_client();
    const std::lock_guard lock{opened_mutex};
    const auto& closing = opened[client] = std::make_unique<JackClosing>();
    closing->watch(client);
    closing->watch_ports(client);
    return client;
}

void close_client(jack_client_t* client) {
    if (client == nullptr) {
        return;
    }
    std::unique_lock lock{opened_mutex};
    const auto closing = std::move(opened.extract(client).mapped());
    const std::string name = jack_get_client_name(client);
    lock.unlock();
    // A server that waits for a client that hangs answers late: only what never ends is the library's own lock.
    if (!closing->close(client, std::chrono::seconds{15})) {
        end_hung("jack_client_close() of " + name);
    }
}

JackServer::JackServer() : JackServer{Settings{}} {}

JackServer::JackServer(Settings settings) : settings_{std::move(settings)} {
    refuse_shared_world();
    start();
}

JackServer::~JackServer() {
    close_observer();
    if (process_) {
        process_->terminate(Deadline{3000});
    }
}

void JackServer::start() {
    // Asynchronous and without -t: a client killed upstream then costs at most one period.
    process_ = std::make_unique<Process>(std::vector<std::string>{"jackd", "-n", settings_.name, "-R", "-d", "dummy",
                                                                  "-r", std::to_string(settings_.rate), "-p",
                                                                  std::to_string(settings_.period)});
    const bool reachable = eventually([this] {
        try {
            observer_ = open_client(settings_.name, "observer");
            return true;
        } catch (const std::runtime_error&) {
            return false;
        }
    });
    if (!reachable) {
        throw std::runtime_error{"jackd did not become reachable: " + process_->output()};
    }
    // Active, so that graph queries and the frame clock are live.
    jack_set_process_callback(observer_, observe, nullptr);
    jack_activate(observer_);
}

void JackServer::close_observer() { close_client(std::exchange(observer_, nullptr)); }

void JackServer::kill_hard() {
    process_->kill_hard();
    close_observer();
}

void JackServer::restart() { restart(settings_); }

void JackServer::restart(Settings settings) {
    close_observer();
    process_->terminate(Deadline{3000});
    settings_ = std::move(settings);
    start();
}

void JackServer::freewheel(bool on) { jack_set_freewheel(observer_, on ? 1 : 0); }

void JackServer::set_period(std::uint32_t frames) {
    if (jack_set_buffer_size(observer_, frames) != 0) {
        throw std::runtime_error{"the server refuses a period of " + std::to_string(frames)};
    }
    settings_.period = frames;
}

std::uint32_t JackServer::frame() const { return jack_last_frame_time(observer_); }

bool JackServer::wait_for_frame(std::uint32_t frame, Deadline deadline) const {
    return eventually([&] { return static_cast<std::int32_t>(this->frame() - frame) > 0; }, deadline);
}

std::vector<std::string> JackServer::ports(const std::string& pattern) const {
    std::vector<std::string> names;
    const char** found = jack_get_ports(observer_, pattern.c_str(), nullptr, 0);
    for (const char** port = found; port != nullptr && *port != nullptr; ++port) {
        names.emplace_back(*port);
    }
    jack_free(static_cast<void*>(found));
    return names;
}

bool JackServer::has_port(const std::string& port) const {
    return jack_port_by_name(observer_, port.c_str()) != nullptr;
}

bool JackServer::wait_for_port(const std::string& port, Deadline deadline) const {
    return eventually([&] { return has_port(port); }, deadline);
}

void JackServer::connect(const std::string& from, const std::string& to) const {
    const auto connects = [&] {
        const int result = jack_connect(observer_, from.c_str(), to.c_str());
        return result == 0 || result == EEXIST;
    };
    if (!eventually(connects)) {
        throw std::runtime_error{"cannot connect " + from + " to " + to};
    }
}

void JackServer::disconnect(const std::string& from, const std::string& to) const {
    jack_disconnect(observer_, from.c_str(), to.c_str());
}

bool JackServer::connected(const std::string& from, const std::string& to) const {
    const jack_port_t* port = jack_port_by_name(observer_, from.c_str());
    return port != nullptr && jack_port_connected_to(port, to.c_str()) != 0;
}

}  // namespace crowdjack::test
