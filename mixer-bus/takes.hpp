// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "common/music_folders.hpp"
#include "mixer-bus/mixer_process.hpp"
#include "mixer-bus/recording.hpp"
#include "mixer-bus/streaming.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What is being taken from the mix: at most one recording and one stream. Control thread.
///
/// What runs is noted in CLIENT.running.state (mode 0600: it holds the stream's password) beside the registry entry
/// until it ends in order: a mixer restarted with --resume after a crash goes on, the recording in a new file. A note
/// never gets into a session's or NSM's project, so opening one doesn't start to record.
class Takes {
public:
    Takes(ClientShell& shell, MixerProcess& process, MusicFolders folders);
    ~Takes();

    /// Throws OscError when it can't begin. The answer goes out when the file is open (or isn't). While one is ending,
    /// the next waits for it and loses nothing: the tap holds what it begins with.
    void start_recording(const std::string& path, Seconds preroll, std::optional<JackFrame> frame, OscReplyTo reply);
    void stop_recording(std::optional<JackFrame> frame, OscReplyTo reply);

    void start_stream(const StreamTarget& target, StreamFormat format, OscReplyTo reply);
    void stop_stream(OscReplyTo reply);

    /// A server is there (again): what could not begin without one does, --resume goes on, and a rate that changed
    /// makes the recording go on in a new file.
    void connected();
    /// What --record and --stream-url-file ask for, from the first frame on.
    struct Wishes {
        std::optional<std::filesystem::path> recording;
        std::optional<StreamTarget> stream;
        StreamFormat format{StreamFormat::vorbis};
    };
    void wish(Wishes wishes) { wishes_ = std::move(wishes); }
    /// Ends both; calls `done` when the file is whole and the stream closed.
    void finish(std::function<void()> done);

    [[nodiscard]] const Recording* recording() const noexcept { return recording_.get(); }
    [[nodiscard]] const Streaming* stream() const noexcept { return stream_.get(); }

private:
    /// What begins when the one of its kind that is ending has ended.
    struct Next {
        std::function<void(OscReplyTo)> begin;
        OscReplyTo reply;
    };

    /// @param asked  the name that was wished for; the file's own may have a number more
    void begin_recording(const std::filesystem::path& asked, Recording::Request request, OscReplyTo reply);
    /// Under a name that is free, from the first frame there is.
    void begin_unattended(const std::filesystem::path& asked);
    void begin_stream(Streaming::Request request, OscReplyTo reply);
    void recording_event(const RecordingEvent& event);
    void stream_event(const StreamEvent& event);
    void end_recording();
    void end_stream();
    static void begin(std::optional<Next>& next);
    static void forget(std::optional<Next>& next);
    void take_note() const;
    [[nodiscard]] std::filesystem::path note_path() const;
    void resume();
    void finished_one();
    /// Runs `action` on the loop, unless these takes are gone by then.
    template <typename Event>
    [[nodiscard]] std::function<void(const Event&)> on_loop(void (Takes::*action)(const Event&));

    ClientShell& shell_;
    MixerProcess& process_;
    MusicFolders folders_;
    std::shared_ptr<const int> alive_{std::make_shared<const int>(0)};
    std::unique_ptr<Recording> recording_;
    std::unique_ptr<Streaming> stream_;
    std::filesystem::path asked_path_;
    OscReplyTo recording_started_, stream_started_;
    std::vector<OscReplyTo> recording_stopped_, stream_stopped_;  ///< who asked for an end and waits for it
    std::optional<Next> next_recording_, next_stream_;
    Wishes wishes_;
    bool first_server_{true};
    std::shared_ptr<Tap> tap_;  ///< the one the takes read from
    std::function<void()> finished_;
};

/// `path`, or the first of path-2, path-3, … that does not exist yet.
[[nodiscard]] std::filesystem::path next_free_name(const std::filesystem::path& path);

}  // namespace crowdjack
