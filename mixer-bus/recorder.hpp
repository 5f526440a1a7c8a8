// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "common/music_folders.hpp"
#include "mixer-bus/left_out_frames.hpp"
#include "mixer-bus/mixer_process.hpp"
#include "mixer-bus/recording.hpp"
#include "mixer-bus/running_note.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What the command line says about recordings.
struct RecorderSettings {
    std::optional<std::filesystem::path> from_start;  ///< --record: absolute, its folder allowed
    std::optional<std::chrono::seconds> split;
    KeepRule keep;
    std::optional<SampleWidth> width;
};

/// The one recording of the mix: begins, splits, ends and goes on after a crash. Control thread.
class Recorder {
public:
    /// All outlive it.
    Recorder(ClientShell& shell, MixerProcess& process, MusicFolders& folders, RunningNote& note,
             RecorderSettings settings);
    ~Recorder();

    /// Throws OscError when it can't begin. The answer goes out when the file is open (or isn't). While one is ending,
    /// the next waits for it and loses nothing: the tap holds what it begins with.
    void start(const std::string& path, Seconds preroll, std::optional<JackFrame> frame, const OscReplyTo& reply);
    /// @throws OscError{refused} for an end before the recording's begin
    void stop(std::optional<JackFrame> frame, OscReplyTo reply);
    /// From that frame on (now, without one), `title` plays.
    void played(std::optional<JackFrame> frame, const Title& title);

    /// A server is there (again) or its rate changed: what --record or --resume asks for begins, and at another rate
    /// the recording goes on in a new file.
    void connected();
    /// Says where the clock jumped while recording. A few times a second.
    void tick();
    /// Ends it; calls `done` when the file is whole.
    void finish(std::function<void()> done);

    [[nodiscard]] const Recording* recording() const noexcept { return recording_.get(); }

private:
    /// What begins when the one that is ending has ended.
    struct Next {
        std::function<void(const OscReplyTo&)> begin;
        OscReplyTo reply;
    };

    /// Where a start without a frame begins: now, or where the last recording ended a moment ago.
    [[nodiscard]] JackFrame now_or_last_end() const;
    void begin(const RecordingName& name, std::filesystem::path path, JackFrame from, OscReplyTo reply);
    /// From the first frame there is, under a name that is free.
    void begin_unattended(const std::filesystem::path& asked);
    /// Logs the cycles that JACK left out until the look before, and the changes of its clock since then. `path`: the
    /// file in work.
    void say_jumps(const std::string& path);
    /// All of them: the file ends.
    void say_last_jumps(const std::string& path);
    void say_hole(const std::string& path);
    [[nodiscard]] double second_of_file(std::int64_t position_in_tap) const;
    void handle(const RecordingEvent& event);
    void opened(const RecordingEvent& event);
    void closed(const RecordingEvent& event);
    void failed(const RecordingEvent& event);
    void ended();
    void refuse_next();

    ClientShell& shell_;
    MixerProcess& process_;
    MusicFolders& folders_;
    RunningNote& note_;
    RecorderSettings settings_;
    std::shared_ptr<const int> alive_{std::make_shared<const int>(0)};
    std::unique_ptr<Recording> recording_;
    std::shared_ptr<Tap> tap_;           ///< the one it reads from
    std::optional<JackFrame> last_end_;  ///< where a stop without a frame ended
    std::int64_t file_begins_{0};        ///< the place in the tap of the file's first frame
    std::int64_t jumps_{0};              ///< of that tap's clock, that were said or lie before the recording
    LeftOutFrames left_out_;
    std::chrono::steady_clock::time_point next_tick_{};
    std::filesystem::path asked_;
    Title playing_;
    OscReplyTo started_;
    std::vector<OscReplyTo> stopped_;  ///< who asked for an end and waits for it
    std::optional<Next> next_;
    bool first_server_{true};
    std::function<void()> finished_;
};

}  // namespace crowdjack
