// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"
#include "common/message_queue.hpp"
#include "mixer-bus/mixer.hpp"
#include "mixer-bus/tap.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace crowdjack {

/// What the control thread tells the mixer.
struct MoveCommand {
    ParameterId id;
    Move move;
};
struct LimiterCommand {
    bool on{true};
    float ceiling{1.0F};
};
struct ForgetCommand {
    std::size_t strip;  ///< whose waiting moves are forgotten
};
using MixerCommand = std::variant<MoveCommand, LimiterCommand, ForgetCommand>;
static_assert(std::is_trivially_copyable_v<MixerCommand>);
static_assert(std::is_trivially_copyable_v<MeterReport>);

/// The mixer in JACK: ports in the order strips, master, phones, then each strip's send and return.
class MixerProcess final : public AudioProcess {
public:
    explicit MixerProcess(const MixerSetup& setup);

    [[nodiscard]] static std::vector<PortSpec> ports(const std::vector<std::string>& strips);

    void prepare(const ServerFormat& format) override;
    CROWDJACK_REALTIME void process(const AudioCycle& cycle) noexcept override;

    /// Control thread. False when the queue is full: the audio thread hangs.
    bool send(const MixerCommand& command) noexcept { return commands_.push(command); }
    /// Control thread: the next meter report, 25 a second; false when there is none.
    bool take_report(MeterReport& report) noexcept { return reports_.pop(report); }

    /// Control thread: the tap of this server's rate; a new one only when the rate changes. Null before the first
    /// server.
    [[nodiscard]] const std::shared_ptr<Tap>& tap() const noexcept { return tap_; }
    /// Control thread, while no server runs.
    [[nodiscard]] Mixer& mixer() noexcept { return mixer_; }

    /// Any thread: cycles in a row so far in which the master faded down to 0 gave nothing but zeros.
    [[nodiscard]] std::uint64_t silent_cycles() const noexcept {
        return silent_cycles_.load(std::memory_order_acquire);
    }
    /// Control thread: true when all memory that process() touches is locked, so that it never faults a page.
    [[nodiscard]] bool locked() const noexcept { return locked_; }

private:
    void lock_memory() noexcept;
    [[nodiscard]] CROWDJACK_REALTIME std::size_t find_inserts(const AudioCycle& cycle) noexcept;
    CROWDJACK_REALTIME void count_silence(JackFrame frame, StereoOut master) noexcept;
    CROWDJACK_REALTIME void obey_commands(JackFrame now) noexcept;
    CROWDJACK_REALTIME void wait_for_readers(std::size_t frames) const noexcept;
    CROWDJACK_REALTIME void report_meters(std::uint32_t frames) noexcept;

    Mixer mixer_;
    std::shared_ptr<Tap> tap_;  ///< replaced only while the audio thread doesn't run
    MessageQueue<MixerCommand, 1024> commands_;
    MessageQueue<MeterReport, 32> reports_;
    std::uint32_t meter_frames_{0};  ///< since the last report
    std::uint32_t meter_period_{1920};
    std::atomic<std::uint64_t> silent_cycles_{0};  ///< written by audio (release), read by control (acquire)
    std::array<StripInsert, max_strips> inserts_{};
    std::array<bool, max_strips> had_insert_{};         ///< its send or return was connected in the cycle before
    std::array<const void*, 2 * max_strips> zeroed_{};  ///< the buffer of an unconnected send that holds zeros
    std::uint32_t zeroed_frames_{0};                    ///< the cycles' length when they were zeroed
    bool locked_{false};
};

}  // namespace crowdjack
