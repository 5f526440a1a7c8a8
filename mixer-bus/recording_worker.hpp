// SPDX-License-Identifier: GPL-3.0-or-later
// Private to recording.cpp: what a recording's thread does.
#pragma once

#include "mixer-bus/recording.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace crowdjack {

class RecordingWorker {
public:
    using State = Recording::State;

    RecordingWorker(std::shared_ptr<Tap> tap, Recording::Request request, Recording::Listener listener);

    /// The thread: returns when the last file is whole, or failed.
    void run();

    // Any thread.
    void stop(std::optional<JackFrame> frame);
    void played(JackFrame frame, const Title& title);
    [[nodiscard]] Recording::Status status() const;
    /// Waits for the end until `patience` after the first stop(); nobody listens any more.
    void abandon_at(std::chrono::milliseconds patience);

private:
    using Clock = std::chrono::steady_clock;
    enum class PartEnd { asked, full, medium };
    struct Played {
        std::int64_t position;  ///< of the tap
        Title title;
    };

    [[nodiscard]] std::unique_ptr<RecordingFile> open_part();
    bool open_next_part();
    void await_first_cycle();
    PartEnd record_part();
    bool copy_some(bool& busy);
    bool write_silence(std::int64_t frames);
    void tend(Clock::time_point now, bool stale);
    bool tidy();
    bool make_room();
    void tell_removed(const std::filesystem::path& path, const char* why);
    bool close_part();
    [[nodiscard]] bool remove_part(const char* why);
    void cut_what_came_after();
    void write_cue_sheet();
    void rest(bool busy);
    void publish();
    void end(State state, const RecordingEvent& event);
    void tell(const RecordingEvent& told);
    [[nodiscard]] RecordingEvent event(RecordingEvent::Kind kind, const std::string& text = {}) const;
    [[nodiscard]] std::string medium_failed(const std::string& why) const;

    const std::shared_ptr<Tap> tap_;
    const Recording::Request request_;

    // The worker's own.
    TapReader reader_;
    std::vector<float> buffer_;
    std::unique_ptr<RecordingFile> file_;
    std::filesystem::path path_;
    JackFrame part_from_{};          ///< the file's first frame
    std::int64_t part_position_{};   ///< that frame's place in the tap
    std::size_t titles_written_{0};  ///< titles when the cue sheet was written
    std::filesystem::path sheet_;    ///< of this file; empty until written
    bool sheet_failed_{false};
    Clock::time_point valid_at_{}, synced_at_{}, tidied_at_{};

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Under the mutex.
    Recording::Listener listener_;  ///< emptied when nobody is there to listen
    std::optional<JackFrame> stop_at_;
    Clock::time_point told_to_stop_{};  ///< when it was told to end at once
    Recording::Status status_;
    std::vector<Played> titles_;
};

}  // namespace crowdjack
