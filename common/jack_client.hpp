// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/jack_closing.hpp"
#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "common/registry.hpp"

#include <jack/jack.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct _jack_session_event;  // of jack/session.h, which is deprecated as a whole

namespace crowdjack {

enum class PortDirection { input, output };
enum class PortKind { audio, midi };

struct PortSpec {
    std::string name;  ///< short: out_l
    PortDirection direction{};
    PortKind kind{PortKind::audio};
    std::string pretty_name;  ///< JACK metadata, e.g. "Deck A left"
    bool passes_latency{
        true};  ///< false: an insert's port, whose way round would count its own latency again and again
};

/// The longest cycle that an AudioProcess is given; a server with longer ones hears silence.
inline constexpr std::uint32_t longest_cycle = 8192;

/// What the server runs at; fixed from prepare() to the next prepare() but for the period.
struct ServerFormat {
    double rate{48000.0};       ///< Hz
    std::uint32_t period{256};  ///< frames at prepare(); cycles may come in another length later, without notice
};

/// One call of the process callback: the time of its first frame and the ports' buffers, in the order of the PortSpecs.
struct AudioCycle {
    JackFrame frame;         ///< jack_last_frame_time(), read once, unwrapped
    std::uint32_t frames{};  ///< length of this cycle, 1…8192
    bool freewheeling{};     ///< the audio thread may wait for its workers (RealtimeExemption)
    std::span<void* const> buffers;
    jack_client_t* jack{};  ///< for the transport calls that are allowed in a callback; null in unit tests
    /// Of each port, how many others it is connected to; empty in unit tests. Written by JACK's notification thread
    /// (relaxed), so up to a few cycles late.
    std::span<const std::atomic<std::uint32_t>> connections{};

    [[nodiscard]] std::span<float> audio(std::size_t port) const noexcept {
        return {static_cast<float*>(buffers[port]), frames};
    }
    [[nodiscard]] bool connected(std::size_t port) const noexcept {
        return port < connections.size() && connections[port].load(std::memory_order_relaxed) > 0;
    }
    [[nodiscard]] void* midi(std::size_t port) const noexcept { return buffers[port]; }
};

/// The part of a program that lives on the audio thread. What process() touches first had better lie at its beginning:
/// that is fetched while the clock is read.
class AudioProcess {
public:
    AudioProcess() = default;
    AudioProcess(const AudioProcess&) = delete;
    AudioProcess& operator=(const AudioProcess&) = delete;
    virtual ~AudioProcess() = default;

    /// Control thread, while no cycle runs: at first, after each return of the server, and when its clock began anew or
    /// its rate changed while it ran (the ports and their connections stay). Set-up allocates here. All frames of
    /// before are void from here on.
    virtual void prepare(const ServerFormat& format) = 0;

    /// Audio thread. Writes every output buffer in full.
    CROWDJACK_EVERY_CYCLE virtual void process(const AudioCycle& cycle) noexcept = 0;

    /// False: nothing is to be done in a cycle. The client is not woken for any, and reads the server's clock from
    /// outside.
    [[nodiscard]] virtual bool wants_cycles() const noexcept { return true; }
};

/// Callback figures, read on the control thread.
struct CallbackFigures {
    std::uint64_t xruns{};
    double worst_us{}, mean_us{};  ///< since the last reset
    double budget_us{};            ///< one period
};

class JackOpening;

/// One JACK client that outlives its server: opens with a deadline, registers ports with their pretty names, runs an
/// AudioProcess, and comes back by itself when the server does.
class JackClient {
public:
    struct Settings {
        std::string server;  ///< "" for the default
        std::string name;
        std::vector<PortSpec> ports;
        std::uint32_t latency_frames{0};  ///< added from every input to every output, for JACK's latency callbacks
        bool session_aware{true};         ///< answer jack_session_notify
    };

    /// @param process  outlives this client
    /// @param pulse  beats every cycle, for others to see; outlives this client. May be null.
    JackClient(ControlLoop& loop, Settings settings, AudioProcess& process, Pulse* pulse);
    ~JackClient();
    JackClient(const JackClient&) = delete;
    JackClient& operator=(const JackClient&) = delete;

    /// Opens, prepares, registers, activates. Blocks up to `deadline`.
    /// @throws Failure when the server can't be reached ("is jackd running?") or the deadline passes
    void open(std::chrono::milliseconds deadline = std::chrono::seconds{5});
    /// The same, but a server that isn't there, or refuses, is waited for: on_server() tells when it came.
    void open_when_there();
    /// Leaves the graph for good (no retries).
    void close();

    /// Called on the loop's thread after each (re)connection (true) and after the server went away (false).
    void on_server(std::function<void(bool connected)> changed) { server_changed_ = std::move(changed); }
    /// Called on the loop's thread around a new run of the server's clock that left the ports in place: false while the
    /// old frames still count (last_frame() is the last of them), true once prepare() was called for the new ones. A
    /// clock that jumped by no missed cycles (PipeWire drives the graph by another card) begins one, and so does a new
    /// sample rate.
    void on_new_run(std::function<void(bool began)> changed) { new_run_ = std::move(changed); }
    /// JACK session save: return the command line that restores this client; quit after replying when asked.
    void on_session_save(std::function<std::string(const std::string& folder, bool quit)> save) {
        session_save_ = std::move(save);
    }

    [[nodiscard]] bool connected() const noexcept { return client_ != nullptr; }
    /// How often one of its ports was connected to something. Any thread.
    [[nodiscard]] std::uint32_t times_patched() const noexcept {
        return times_patched_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] const std::string& name() const noexcept { return actual_name_; }
    [[nodiscard]] const ServerFormat& format() const noexcept { return format_; }
    [[nodiscard]] std::uint32_t period() const noexcept { return period_.load(std::memory_order_relaxed); }

    /// First frame of the latest cycle. Any thread; the control thread where no cycles are wanted.
    [[nodiscard]] JackFrame last_frame() const noexcept {
        return process_.wants_cycles() ? JackFrame{last_frame_.load(std::memory_order_acquire)} : frame_outside();
    }
    /// The frame of this moment, by what has passed since the latest cycle really began: never before its first frame,
    /// nor after its end. jack_frame_time() smooths the cycles' beginnings and lies far off for seconds after the
    /// server's start and after xruns (1000 frames were seen at 48 kHz). Control thread.
    [[nodiscard]] JackFrame frame_now() const noexcept;
    /// Control thread, several times a second where no cycles are wanted: brings cycles() (one more when any ran),
    /// beat() and period() up to date.
    void read_clock() noexcept;
    /// Cycles run since construction. Any thread.
    [[nodiscard]] std::uint64_t cycles() const noexcept { return cycles_.load(std::memory_order_acquire); }
    /// When the latest cycle began. Any thread.
    [[nodiscard]] std::chrono::steady_clock::time_point beat() const noexcept { return pulse_.beat(); }
    [[nodiscard]] bool freewheeling() const noexcept { return freewheeling_.load(std::memory_order_relaxed); }
    /// The frame that `wire` means, seen from now. Any thread.
    [[nodiscard]] JackFrame unwrapped(WireFrame wire) const noexcept { return unwrap(wire, last_frame()); }
    /// A frame that a command sent now can still meet: the latest cycle plus three periods plus 1 ms.
    [[nodiscard]] JackFrame soonest() const noexcept;

    [[nodiscard]] CallbackFigures figures() const noexcept;
    void reset_figures() noexcept;

    /// Connects own port `port` (short name) to `other` (full name). May block for seconds while another client hangs:
    /// only for --connect and tools, never on a thread that must answer. False when it failed.
    bool connect(const std::string& port, const std::string& other);

    /// The raw client for what has no wrapper here (timebase, port listing). Null while disconnected.
    [[nodiscard]] jack_client_t* raw() const noexcept { return client_; }

private:
    // Libjack's threads; all the work is done within on_jack_thread() (jack_thread.hpp).
    CROWDJACK_EVERY_CYCLE static int process_callback(jack_nframes_t frames, void* self);
    static int xrun_callback(void* self);
    static void connect_callback(jack_port_id_t from, jack_port_id_t to, int connected, void* self);
    static void freewheel_callback(int starting, void* self);
    static void latency_callback(jack_latency_callback_mode_t mode, void* self);
    static int rate_callback(jack_nframes_t rate, void* self);
    static void shutdown_callback(void* self);
    static void info_shutdown_callback(jack_status_t code, const char* reason, void* self);
    CROWDJACK_EVERY_CYCLE void run_cycle(jack_nframes_t frames) noexcept;
    CROWDJACK_EVERY_CYCLE void take_clock(jack_nframes_t frames) noexcept;
    [[nodiscard]] jack_time_t cycle_usecs() const noexcept;
    [[nodiscard]] bool clock_broke(jack_nframes_t wire, jack_nframes_t frames) noexcept;
    void sound_nothing(jack_nframes_t frames) noexcept;
    void notice() noexcept;
    void take_notices();
    void begin_new_run();
    bool hold_cycles();
    CROWDJACK_EVERY_CYCLE void beat_at(std::uint64_t begin_ns) noexcept;
    [[nodiscard]] JackFrame frame_outside() const noexcept;
    void session_asked(_jack_session_event* event);
    void count_connection(jack_port_id_t id, bool connected);
    void pass_on_latency(jack_latency_callback_mode_t mode) const;
    void shut_down();
    void set_up(jack_client_t* client);
    void register_ports();
    void set_metadata();
    void watch_sessions();
    void server_gone();
    void retry();
    void say_failure(JackOpening& opening);
    void come_back(jack_client_t* client);
    void drop_client();
    /// `action`, but nothing once this client is gone: the loop may outlive it (NSM's :switch:).
    [[nodiscard]] ControlLoop::Action while_alive(ControlLoop::Action action) const;

    static constexpr std::size_t most_ports = 128;

    ControlLoop& loop_;
    Settings settings_;
    Pulse unseen_pulse_{};
    std::string actual_name_;
    ServerFormat format_;
    std::function<void(bool)> server_changed_;
    std::function<void(bool)> new_run_;
    std::function<std::string(const std::string&, bool)> session_save_;
    std::shared_ptr<JackOpening> opening_;
    JackClosing closing_;
    bool wanted_{false};
    std::shared_ptr<const int> alive_{std::make_shared<const int>(0)};
    int notice_fd_{-1};                    ///< eventfd: any thread wakes control by it
    std::string said_failure_;             ///< why the server could not be reached, as said last
    bool said_too_long_{false};            ///< that cycles are too long
    std::atomic<bool> gone_{false};        ///< written by JACK's shutdown thread, read by control
    std::atomic<std::uint64_t> xruns_{0};  ///< written by JACK's notification thread (relaxed)

    // What every cycle touches, side by side (CROWDJACK_EVERY_CYCLE).
    AudioProcess& process_;
    Pulse& pulse_;
    jack_client_t* client_{nullptr};
    std::int64_t unwrapped_{0};                      ///< audio only, but for prepare
    bool first_cycle_{true};                         ///< likewise
    bool freewheeled_{false};                        ///< audio only: the last cycle did
    jack_nframes_t next_wire_{0};                    ///< audio only: where the clock stands next if no cycle is missed
    jack_time_t cycle_usecs_{0};                     ///< audio only: when the last cycle was due
    std::atomic<bool> in_cycle_{false};              ///< written by audio, read by control (seq_cst)
    std::atomic<bool> held_{false};                  ///< silence instead of process_; written by both (seq_cst)
    std::atomic<bool> clock_broke_{false};           ///< set by audio (release), taken by control (acquire)
    std::atomic<bool> too_long_{false};              ///< written by audio (relaxed)
    std::atomic<bool> freewheeling_{false};          ///< written by JACK's notification thread (relaxed)
    std::atomic<std::uint32_t> period_{256};         ///< written by audio (relaxed)
    std::atomic<std::int64_t> last_frame_{0};        ///< written by audio (release), read by anyone (acquire)
    std::atomic<std::uint64_t> cycles_{0};           ///< written by audio (release), read by anyone (acquire)
    std::atomic<std::uint64_t> worst_us_{0};         ///< written by audio (relaxed), reset by control
    std::atomic<std::uint64_t> total_us_{0};         ///< likewise
    std::atomic<std::uint64_t> measured_cycles_{0};  ///< likewise
    std::size_t port_count_{0};                      ///< changes while not active only
    std::array<jack_port_t*, most_ports> ports_{};   ///< the first port_count_ count
    std::array<void*, most_ports> buffers_{};        ///< audio only
    std::atomic<std::uint32_t> times_patched_{0};
    std::array<std::atomic<std::uint32_t>, most_ports> connections_{};  ///< as AudioCycle::connections has it
};

}  // namespace crowdjack
