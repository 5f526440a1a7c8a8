// SPDX-License-Identifier: GPL-3.0-or-later
// Small JACK clients of the tests' own: one that listens, one that plays, one that does nothing.
#pragma once

#include "tests/support/eventually.hpp"

#include <jack/jack.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace crowdjack::test {

/// A JACK client with numbered audio ports (`in_1`…, `out_1`…) around one function of the audio thread.
class JackProbe {
public:
    struct Cycle {
        std::int64_t frame;  ///< jack_last_frame_time(), unwrapped; -1 wraps never seen by tests
        std::uint32_t frames;
        std::span<const float* const> inputs;
        std::span<float* const> outputs;
    };
    using Callback = std::function<void(const Cycle&)>;

    JackProbe(const std::string& server, const std::string& name, std::size_t inputs, std::size_t outputs,
              Callback callback);
    ~JackProbe();
    JackProbe(const JackProbe&) = delete;
    JackProbe& operator=(const JackProbe&) = delete;

    [[nodiscard]] jack_client_t* client() const noexcept { return client_; }
    /// Full name: probe.input(0) is "NAME:in_1".
    [[nodiscard]] std::string input(std::size_t i) const;
    [[nodiscard]] std::string output(std::size_t i) const;
    /// @throws std::runtime_error when it can't be made
    void connect(const std::string& from, const std::string& to) const;
    [[nodiscard]] std::uint64_t xruns() const noexcept { return xruns_.load(std::memory_order_relaxed); }

private:
    static int process(jack_nframes_t frames, void* self);

    std::string name_;
    Callback callback_;
    std::vector<jack_port_t*> inputs_, outputs_;
    std::vector<const float*> input_buffers_;
    std::vector<float*> output_buffers_;
    std::optional<std::int64_t> frame_;
    std::atomic<std::uint64_t> xruns_{0};  ///< written by JACK's notification thread, read by anyone (relaxed)
    jack_client_t* client_{nullptr};
};

/// Records what arrives at its inputs, sample by sample, and knows the JACK frame of each.
class Capture {
public:
    struct Settings {
        std::string name{"capture"};
        std::size_t channels{2};
        double seconds{60.0};  ///< memory for so much; then it stops and full() says so
    };
    Capture(const std::string& server, Settings settings);

    /// Patches `port` into channel `channel` (from 0).
    void listen_to(const std::string& port, std::size_t channel);

    /// One past the last JACK frame recorded; nothing before the first cycle.
    [[nodiscard]] std::optional<std::int64_t> end_frame() const;
    /// The JACK frame of the first sample.
    [[nodiscard]] std::int64_t first_frame() const;
    [[nodiscard]] bool wait_until(std::int64_t frame, Deadline deadline = patient) const;

    /// What sounded at a JACK frame; nothing when that frame was not recorded (a gap, too early, not yet).
    [[nodiscard]] std::optional<float> sample(std::size_t channel, std::int64_t frame) const;
    /// Was every frame of [from, to) recorded? Where the machine stalls, the server's clock jumps over frames.
    [[nodiscard]] bool recorded(std::int64_t from, std::int64_t to) const;
    /// The samples of [from, to); frames not recorded are NaN.
    [[nodiscard]] std::vector<float> samples(std::size_t channel, std::int64_t from, std::int64_t to) const;
    /// The first frame in [from, end) whose sample is not 0.
    [[nodiscard]] std::optional<std::int64_t> first_sound(std::size_t channel, std::int64_t from) const;
    [[nodiscard]] bool wait_for_sound(std::size_t channel, std::int64_t from, Deadline deadline = patient) const;

    /// Places where the server's clock jumped: the frame expected and the one that came.
    struct Gap {
        std::int64_t expected, came;
    };
    [[nodiscard]] std::vector<Gap> gaps() const;
    [[nodiscard]] bool full() const noexcept { return full_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t xruns() const noexcept { return probe_.xruns(); }
    [[nodiscard]] JackProbe& probe() noexcept { return probe_; }

private:
    struct Stamp {
        std::int64_t frame;
        std::size_t offset;
        std::uint32_t frames;
    };
    void record(const JackProbe::Cycle& cycle);
    [[nodiscard]] const Stamp* stamp_of(std::int64_t frame, std::size_t count) const;

    std::vector<std::vector<float>> samples_;
    std::vector<Stamp> stamps_;
    std::atomic<std::size_t> cycles_{0};  ///< stamps written; by audio (release), read by tests (acquire)
    std::size_t recorded_{0};             ///< audio thread only
    std::atomic<bool> full_{false};
    JackProbe probe_;
};

/// Frames of [from, to) at which a channel does not sound frame `frame - delay - start` of a file that is
/// position-coded on 24 bits (waves.hpp). Not judged: what the server's clock jumped over, and the first `delay` frames
/// after a jump, which are of before it. All are wrong where none is right, also of an empty window.
[[nodiscard]] std::int64_t wrong_frames(const Capture& capture, std::size_t channel, std::int64_t start,
                                        std::int64_t from, std::int64_t to, std::int64_t delay);

/// A deck that starts late, or where the server's clock jumped over its start, fades in for so long.
inline constexpr std::int64_t late_start_fade = 240;

/// Plays given samples at given frames: channel c, JACK frame `start` + i gets samples[c][i]; silence elsewhere.
class Player {
public:
    Player(const std::string& server, const std::string& name, std::vector<std::vector<float>> samples);
    /// Takes effect from the next cycle on; frames already past are not made up for.
    void start_at(std::int64_t frame) noexcept { start_.store(frame, std::memory_order_release); }
    /// Hangs in the process callback until let go: what a broken client does to a graph.
    void hang(bool on) noexcept { hanging_.store(on, std::memory_order_release); }
    [[nodiscard]] JackProbe& probe() noexcept { return probe_; }

private:
    void play(const JackProbe::Cycle& cycle) const;

    std::vector<std::vector<float>> samples_;
    std::atomic<std::int64_t> start_{INT64_MAX};
    std::atomic<bool> hanging_{false};
    JackProbe probe_;
};

/// A client whose callback returns at once, with as many ports as asked: the floor that costs are measured against.
class IdleClient {
public:
    IdleClient(const std::string& server, const std::string& name, std::size_t inputs, std::size_t outputs);
    [[nodiscard]] JackProbe& probe() noexcept { return probe_; }

private:
    JackProbe probe_;
};

}  // namespace crowdjack::test
