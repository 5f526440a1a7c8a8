// SPDX-License-Identifier: GPL-3.0-or-later
// A set of four decks with all that goes on in a night, on a machine that has much else to do.
#pragma once

#include "tests/bench/held.hpp"
#include "tests/bench/soak/ears.hpp"
#include "tests/bench/soak/stalls.hpp"
#include "tests/mixer-bus/icecast.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack::test::soak {

inline constexpr std::int64_t rate = 48000;  ///< Hz
inline const std::string door{"osc.udp://127.0.0.1:57120/"};
inline const std::string letters{"ABCD"};
inline constexpr std::array methods{"rate", "rubberband:fast", "rubberband", "wsola"};  ///< of A, B, C, D

/// Server, session, icecast where there is one, and the tracks. Deck A plays slopes(), B, C and D music; the strips of
/// all four are panned to the right, and the marker is on the left: so the master's left says the clock's frame.
class Stage {
public:
    /// @param split_s  seconds of each file of the recording
    /// @throws std::runtime_error when the set does not come up
    Stage(std::uint32_t period, int split_s);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    /// Loads the machine from now on. @throws std::runtime_error where stress-ng is missing
    /// @param yields  with what other sessions of processes leave (tests beside this one), instead of a share
    void stress(bool yields);
    [[nodiscard]] bool stressed() { return stress_ != nullptr && stress_->running(); }

    /// Sends a command through the front door and insists on its being done. @throws std::runtime_error
    OscReceived done(const std::string& address, const std::vector<OscValue>& arguments);
    OscReceived ask(const std::string& client, const std::string& address);

    [[nodiscard]] std::string music(int number) const {
        return (folder_ / ("music-" + std::to_string(number))) += ".wav";
    }
    [[nodiscard]] std::filesystem::path recordings() const { return folder_ / "recordings"; }
    [[nodiscard]] JackServer& server() noexcept { return server_; }
    [[nodiscard]] Process& session() noexcept { return *session_; }
    [[nodiscard]] Marker& marker() noexcept { return *marker_; }
    /// Stalls of what runs at the priority of JACK's audio threads, and of what runs at that of the decks' workers.
    [[nodiscard]] const StallWitness& audio_stalls() const noexcept { return *audio_stalls_; }
    [[nodiscard]] const StallWitness& worker_stalls() const noexcept { return *worker_stalls_; }
    [[nodiscard]] DeckEars& ears() noexcept { return *ears_; }
    /// Nothing where the machine has none.
    [[nodiscard]] const Icecast* icecast() const noexcept { return icecast_.get(); }
    /// How often a source came to icecast, as its log has it.
    [[nodiscard]] int sources() const;

    /// Of every program of the set and the JACK server.
    [[nodiscard]] std::map<std::string, Held> held();

private:
    void write_music();
    void write_file(int split_s) const;
    void start_icecast();
    void play_all();
    void watch_stalls();
    [[nodiscard]] static pid_t pid_of(const std::string& client);

    TemporaryFolder folder_;
    JackServer server_;
    std::unique_ptr<Icecast> icecast_;
    std::unique_ptr<Process> session_, stress_;
    OscClient osc_;
    std::unique_ptr<Marker> marker_;
    std::unique_ptr<DeckEars> ears_;
    std::unique_ptr<StallWitness> audio_stalls_, worker_stalls_;
};

}  // namespace crowdjack::test::soak
