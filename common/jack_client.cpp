// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_client.hpp"

#include "common/error.hpp"
#include "common/jack_opening.hpp"
#include "common/jack_thread.hpp"
#include "common/log.hpp"
#include "common/port_names.hpp"
#include "common/resident_program.hpp"

#include <jack/session.h>
#include <jack/uuid.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto retry_period = std::chrono::milliseconds{200};
constexpr auto retry_deadline = std::chrono::seconds{5};
constexpr std::size_t most_openings = 3;

/// The first use of a page of the audio thread's stack would be a page fault in the middle of a cycle.
void touch_stack() noexcept {
    constexpr std::size_t deepest = std::size_t{64} << 10U;
    std::array<char, deepest> stack;
    for (std::size_t i = 0; i < stack.size(); i += 1024) {
        static_cast<volatile char*>(stack.data())[i] = 0;
    }
}

}  // namespace

JackClient::JackClient(ControlLoop& loop, Settings settings, AudioProcess& process, Pulse* pulse)
    : loop_{loop},
      settings_{std::move(settings)},
      actual_name_{settings_.name},
      process_{process},
      pulse_{pulse != nullptr ? *pulse : unseen_pulse_} {
    route_jack_messages();
    if (settings_.ports.size() > most_ports) {
        throw UsageError{"at most " + std::to_string(most_ports) + " ports per client"};
    }
    notice_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (notice_fd_ < 0) {
        throw Failure{"cannot create an event descriptor: " + errno_text(errno)};
    }
    loop_.watch(notice_fd_, [this] { take_notices(); });
}

JackClient::~JackClient() {
    close();
    loop_.unwatch(notice_fd_);
    ::close(notice_fd_);
}

void JackClient::open(std::chrono::milliseconds deadline) {
    constexpr auto attempt = std::chrono::milliseconds{200};  ///< one that gets less would look like a hung server
    wanted_ = true;
    const auto until = std::chrono::steady_clock::now() + deadline;
    for (;;) {
        const auto opening = JackOpening::begin(settings_.server, settings_.name, {});
        if (!opening->wait_until(until)) {
            throw Failure{"JACK server '" + settings_.server + "' does not answer: is it hung? (restart jackd; if it " +
                          "still hangs, remove /dev/shm/jack_db-* while no server runs)"};
        }
        if (jack_client_t* client = opening->take(); client != nullptr) {
            set_up(client);
            return;
        }
        if (!opening->server_answered() || std::chrono::steady_clock::now() + attempt > until) {
            throw Failure{why_not_opened(*opening, settings_.server, settings_.name)};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

void JackClient::open_when_there() {
    constexpr auto first_try = std::chrono::seconds{1};
    try {
        open(first_try);
    } catch (const Failure& failure) {
        said_failure_ = failure.what();
        log_event(LogLevel::warning, "jack-server-awaited",
                  {{"server", settings_.server}, {"why", failure.what()}, {"do", "waiting for it"}});
        loop_.after(retry_period, while_alive([this] { retry(); }));
    }
}

void JackClient::set_up(jack_client_t* client) {
    client_ = client;
    actual_name_ = jack_get_client_name(client);
    format_ = {static_cast<double>(jack_get_sample_rate(client)), jack_get_buffer_size(client)};
    period_.store(format_.period, std::memory_order_relaxed);
    first_cycle_ = true;
    gone_.store(false, std::memory_order_relaxed);
    held_.store(false);
    clock_broke_.store(false);
    said_failure_.clear();
    process_.prepare(format_);

    jack_set_thread_init_callback(
        client,
        [](void*) {
            disable_denormals();
            touch_stack();
        },
        nullptr);
    if (process_.wants_cycles()) {
        jack_set_process_callback(client, &JackClient::process_callback, this);
    }
    jack_set_xrun_callback(client, &JackClient::xrun_callback, this);
    jack_set_freewheel_callback(client, &JackClient::freewheel_callback, this);
    jack_set_port_connect_callback(client, &JackClient::connect_callback, this);
    jack_set_latency_callback(client, &JackClient::latency_callback, this);
    jack_set_sample_rate_callback(client, &JackClient::rate_callback, this);
    // PipeWire calls only the plain one, jackd both.
    jack_on_shutdown(client, &JackClient::shutdown_callback, this);
    jack_on_info_shutdown(client, &JackClient::info_shutdown_callback, this);
    closing_.watch(client);
    closing_.watch_ports(client);
    watch_sessions();
    register_ports();
    set_metadata();  // before activation, so that the ports appear with their names
    make_program_resident();
    if (jack_activate(client) != 0) {
        drop_client();
        throw Failure{"JACK server '" + settings_.server + "' refuses to run client '" + actual_name_ +
                      "': restart the server"};
    }
    read_clock();
    if (server_changed_) {
        server_changed_(true);
    }
}

void JackClient::register_ports() {
    port_count_ = 0;
    for (auto& count : connections_) {
        count.store(0, std::memory_order_relaxed);
    }
    for (const PortSpec& spec : settings_.ports) {
        const char* type = spec.kind == PortKind::audio ? JACK_DEFAULT_AUDIO_TYPE : JACK_DEFAULT_MIDI_TYPE;
        const unsigned long flags = spec.direction == PortDirection::input ? JackPortIsInput : JackPortIsOutput;
        jack_port_t* port = jack_port_register(client_, spec.name.c_str(), type, flags, 0);
        if (port == nullptr) {
            drop_client();
            throw Failure{"cannot register port '" + spec.name +
                          "': does the server allow enough ports? (jackd -p 512)"};
        }
        ports_.at(port_count_++) = port;
    }
}

void JackClient::set_metadata() {
    std::vector<PortName> names;
    for (std::size_t i = 0; i < port_count_; ++i) {
        std::array<char, JACK_UUID_STRING_SIZE> uuid{};
        jack_uuid_unparse(jack_port_uuid(ports_[i]), uuid.data());
        names.push_back({uuid.data(), settings_.ports[i].pretty_name, static_cast<int>(i)});
    }
    if (!names.empty() && !store_port_names(settings_.server, names)) {
        log_event(LogLevel::warning, "port-names-not-stored",
                  {{"why", "JACK's metadata store does not answer"},
                   {"do", "remove /dev/shm/jack_db-* while no server runs"}});
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // still what qjackctl's Session window speaks

void JackClient::watch_sessions() {
    if (!settings_.session_aware) {
        return;
    }
    jack_set_session_callback(
        client_,
        [](jack_session_event_t* event, void* self) {
            on_jack_thread([event, self] { static_cast<JackClient*>(self)->session_asked(event); });
        },
        this);
}

void JackClient::session_asked(jack_session_event_t* event) {
    loop_.post([this, event, alive = std::weak_ptr<const int>{alive_}] {
        if (!alive.expired() && client_ != nullptr && session_save_) {
            const bool quit = event->type == JackSessionSaveAndQuit;
            const std::string command = session_save_(event->session_dir, quit);
            event->command_line = ::strdup(command.c_str());
            jack_session_reply(client_, event);
        }
        jack_session_event_free(event);
    });
}

#pragma GCC diagnostic pop

void JackClient::close() {
    wanted_ = false;
    if (opening_) {
        opening_->abandon();
        opening_.reset();
    }
    drop_client();
}

void JackClient::drop_client() {
    // The audio thread uses client_ until it is closed.
    const bool closed = client_ == nullptr || closing_.close(client_);
    client_ = nullptr;
    if (closed) {
        return;
    }
    log_event(LogLevel::error, "jack-close-hangs",
              {{"client", actual_name_}, {"do", wanted_ ? "ending, to be started again" : "ending all the same"}});
    if (wanted_) {
        std::_Exit(1);  // nothing of JACK works in this process any more; our supervisor starts another, with our state
    }
}

ControlLoop::Action JackClient::while_alive(ControlLoop::Action action) const {
    return [alive = std::weak_ptr<const int>{alive_}, action = std::move(action)] {
        if (!alive.expired()) {
            action();
        }
    };
}

void JackClient::server_gone() {
    if (client_ == nullptr || !wanted_) {
        return;
    }
    drop_client();
    log_event(LogLevel::warning, "jack-server-gone",
              {{"server", settings_.server}, {"do", "waiting for it to come back"}});
    if (server_changed_) {
        server_changed_(false);
    }
    loop_.after(retry_period, while_alive([this] { retry(); }));
}

void JackClient::retry() {
    if (!wanted_ || client_ != nullptr) {
        return;
    }
    if (JackOpening::under_way() >= most_openings) {  // libjack hangs in all of them: another would hang, too
        loop_.after(retry_deadline, while_alive([this] { retry(); }));
        return;
    }
    const auto finished = while_alive([this] {
        if (const std::shared_ptr<JackOpening> opening = std::exchange(opening_, nullptr)) {
            jack_client_t* const client = opening->take();
            if (client == nullptr) {
                say_failure(*opening);
            }
            come_back(client);
        }
    });
    const auto opening =
        JackOpening::begin(settings_.server, settings_.name, [&loop = loop_, finished] { loop.post(finished); });
    opening_ = opening;
    loop_.after(retry_deadline, while_alive([this, opening] {
                    if (opening_ == opening) {  // it hangs, and may go on hanging: try anew beside it
                        opening_->abandon();
                        opening_.reset();
                        retry();
                    }
                }));
}

/// Once for each reason, while the server is waited for. That there is none was said when it went.
void JackClient::say_failure(JackOpening& opening) {
    if (!opening.server_answered()) {
        return;
    }
    const std::string why = why_not_opened(opening, settings_.server, settings_.name);
    if (std::exchange(said_failure_, why) != why) {
        log_event(LogLevel::warning, "jack-server-refuses", {{"why", why}, {"do", "trying again"}});
    }
}

void JackClient::come_back(jack_client_t* client) {
    if (client == nullptr) {
        loop_.after(retry_period, while_alive([this] { retry(); }));
        return;
    }
    try {
        set_up(client);
        log_event(LogLevel::info, "jack-server-back", {{"server", settings_.server}, {"rate", format_.rate}});
    } catch (const Failure& failure) {
        log_event(LogLevel::warning, "jack-server-refuses", {{"why", failure.what()}});
        drop_client();
        loop_.after(retry_period, while_alive([this] { retry(); }));
    }
}

JackFrame JackClient::soonest() const noexcept {
    const auto margin = static_cast<std::int64_t>(3 * period()) + static_cast<std::int64_t>(format_.rate / 1000.0);
    return last_frame() + Frames{margin};
}

CallbackFigures JackClient::figures() const noexcept {
    const auto cycles_measured = measured_cycles_.load(std::memory_order_relaxed);
    const auto total = static_cast<double>(total_us_.load(std::memory_order_relaxed));
    return {xruns_.load(std::memory_order_relaxed), static_cast<double>(worst_us_.load(std::memory_order_relaxed)),
            cycles_measured > 0 ? total / static_cast<double>(cycles_measured) : 0.0, 1e6 * period() / format_.rate};
}

void JackClient::reset_figures() noexcept {
    worst_us_.store(0, std::memory_order_relaxed);
    total_us_.store(0, std::memory_order_relaxed);
    measured_cycles_.store(0, std::memory_order_relaxed);
}

bool JackClient::connect(const std::string& port, const std::string& other) {
    const auto found = std::find_if(settings_.ports.begin(), settings_.ports.end(),
                                    [&port](const PortSpec& spec) { return spec.name == port; });
    if (client_ == nullptr || found == settings_.ports.end()) {
        return false;
    }
    const std::string own = actual_name_ + ":" + port;
    const bool is_output = found->direction == PortDirection::output;
    const int result = jack_connect(client_, (is_output ? own : other).c_str(), (is_output ? other : own).c_str());
    return result == 0 || result == EEXIST;
}

int JackClient::xrun_callback(void* self) {
    static_cast<JackClient*>(self)->xruns_.fetch_add(1, std::memory_order_relaxed);
    return 0;
}

void JackClient::connect_callback(jack_port_id_t from, jack_port_id_t to, int connected, void* self) {
    on_jack_thread([from, to, connected, self] {
        static_cast<JackClient*>(self)->count_connection(from, connected != 0);
        static_cast<JackClient*>(self)->count_connection(to, connected != 0);
    });
}

void JackClient::count_connection(jack_port_id_t id, bool connected) {
    const jack_port_t* const port = jack_port_by_id(client_, id);
    const auto found = std::find(ports_.begin(), ports_.end(), port);
    if (port == nullptr || found == ports_.end()) {
        return;
    }
    auto& count = connections_[static_cast<std::size_t>(found - ports_.begin())];
    const std::uint32_t before = count.load(std::memory_order_relaxed);
    count.store(connected ? before + 1 : std::max(before, 1U) - 1, std::memory_order_relaxed);
    times_patched_.fetch_add(connected ? 1 : 0, std::memory_order_relaxed);
}

void JackClient::freewheel_callback(int starting, void* self) {
    static_cast<JackClient*>(self)->freewheeling_.store(starting != 0, std::memory_order_relaxed);
}

void JackClient::latency_callback(jack_latency_callback_mode_t mode, void* self) {
    on_jack_thread([mode, self] { static_cast<const JackClient*>(self)->pass_on_latency(mode); });
}

void JackClient::pass_on_latency(jack_latency_callback_mode_t mode) const {
    const PortDirection from = mode == JackCaptureLatency ? PortDirection::input : PortDirection::output;
    const jack_nframes_t own = settings_.latency_frames;
    jack_latency_range_t widest{};
    bool any = false;
    for (std::size_t i = 0; i < port_count_; ++i) {
        const PortSpec& spec = settings_.ports[i];
        if (spec.direction == from && spec.kind == PortKind::audio && spec.passes_latency) {
            jack_latency_range_t range{};
            jack_port_get_latency_range(ports_[i], mode, &range);
            widest.min = any ? std::min(widest.min, range.min) : range.min;
            widest.max = std::max(widest.max, range.max);
            any = true;
        }
    }
    widest.min += own;
    widest.max += own;
    for (std::size_t i = 0; i < port_count_; ++i) {
        if (settings_.ports[i].direction != from && settings_.ports[i].passes_latency) {
            jack_port_set_latency_range(ports_[i], mode, &widest);
        }
    }
}

void JackClient::shutdown_callback(void* self) {
    on_jack_thread([self] { static_cast<JackClient*>(self)->shut_down(); });
}

void JackClient::info_shutdown_callback(jack_status_t, const char*, void* self) { shutdown_callback(self); }

void JackClient::shut_down() {
    note_jack_server_lost();
    if (!gone_.exchange(true, std::memory_order_relaxed)) {
        loop_.post(while_alive([this] { server_gone(); }));
    }
}

}  // namespace crowdjack
