// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording_worker.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t record_frames = 8192;
constexpr auto record_nap = std::chrono::milliseconds{20};
constexpr auto valid_every = std::chrono::milliseconds{500};  ///< kill -9 loses this plus a nap
constexpr auto sync_every = std::chrono::seconds{2};          ///< a power cut loses this plus the time syncing takes
constexpr auto tidy_every = std::chrono::seconds{5};
constexpr std::size_t most_titles = 4096;  ///< of one file; a day of tracks of 21 s

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &local)};
}

}  // namespace

RecordingWorker::RecordingWorker(std::shared_ptr<Tap> tap, Recording::Request request, Recording::Listener listener)
    : tap_{std::move(tap)},
      request_{std::move(request)},
      reader_{tap_, request_.from, true},
      buffer_(2 * record_frames),
      path_{request_.path},
      part_from_{request_.from},
      listener_{std::move(listener)} {
    status_.path = path_;
    status_.from = part_from_;
    if (!request_.playing.empty()) {
        titles_.push_back({std::numeric_limits<std::int64_t>::min(), request_.playing});
    }
}

void RecordingWorker::run() {
    try {
        file_ = open_part();
    } catch (const std::exception& error) {
        end(State::failed, event(RecordingEvent::Kind::failed, error.what()));
        return;
    }
    await_first_cycle();
    part_from_ = reader_.first_frame();
    part_position_ = reader_.position();
    publish();
    tell(event(RecordingEvent::Kind::opened));
    std::optional<RecordingEvent> before_this;  // how the part before ended
    for (;;) {
        const PartEnd why = record_part();
        if (why == PartEnd::asked) {
            cut_what_came_after();
        }
        const std::string before = file_->error();
        const bool whole = close_part();
        if (why == PartEnd::medium || !whole) {
            const std::string medium = before.empty() ? file_->error() : before;
            end(State::failed, event(RecordingEvent::Kind::failed, medium_failed(medium)));
            return;
        }
        if (why == PartEnd::asked) {
            const bool stays =
                file_->frames() > 0 || !before_this || !remove_part("the end came before its first frame");
            end(State::finished, stays ? event(RecordingEvent::Kind::finished) : *before_this);
            return;
        }
        tell(event(RecordingEvent::Kind::closed));
        before_this = event(RecordingEvent::Kind::finished);
        if (!open_next_part()) {
            return;
        }
    }
}

std::string RecordingWorker::medium_failed(const std::string& why) const {
    return "recording " + path_.string() + " stopped after " + std::to_string(file_->frames()) +
           " frames (they are kept): " + (why.empty() ? "the medium is nearly full" : why) +
           ": make room and start another";
}

/// A name that somebody took since it was chosen is passed over when there is a way to choose another.
std::unique_ptr<RecordingFile> RecordingWorker::open_part() {
    const RecordingFile::Settings settings{.format = request_.format,
                                           .width = request_.width,
                                           .rate = static_cast<int>(std::lround(tap_->rate())),
                                           .title = path_.stem().string(),
                                           .date = today()};
    constexpr int attempts = 16;
    const std::size_t bytes = frame_bytes(request_.format, sample_width(request_.format, request_.width));
    for (int i = 1;; ++i) {
        try {
            auto sink = request_.open ? request_.open() : create_file(path_, bytes, [this] { return make_room(); });
            return std::make_unique<RecordingFile>(std::move(sink), settings);
        } catch (const FileExists&) {
            if (!request_.next_path || i == attempts) {
                throw;
            }
            path_ = request_.next_path();
        }
    }
}

bool RecordingWorker::open_next_part() {
    const JackFrame from = reader_.next_frame();
    const std::int64_t position = reader_.position();
    try {
        path_ = request_.next_path();
        file_.reset();
        file_ = open_part();
    } catch (const std::exception& error) {
        end(State::failed, event(RecordingEvent::Kind::failed, error.what()));
        return false;
    }
    part_from_ = from;
    part_position_ = position;
    titles_written_ = 0;
    sheet_.clear();
    publish();
    tell(event(RecordingEvent::Kind::opened));
    return true;
}

/// Before it nobody knows which frame a recording "from the first on" begins with.
void RecordingWorker::await_first_cycle() {
    std::unique_lock lock{mutex_};
    while (tap_->written() == 0 && !stop_at_) {
        changed_.wait_for(lock, record_nap);
    }
    reader_.attach();
}

RecordingWorker::PartEnd RecordingWorker::record_part() {
    valid_at_ = synced_at_ = Clock::now();
    tidied_at_ = {};
    bool stale = false;
    for (;;) {
        {
            const std::lock_guard lock{mutex_};
            if (stop_at_) {
                reader_.end_at(*stop_at_);
            }
        }
        bool busy = false;
        if (!copy_some(busy)) {
            return PartEnd::medium;
        }
        stale = stale || busy;
        const auto now = Clock::now();
        if (now - tidied_at_ >= tidy_every) {
            tidied_at_ = now;
            if (!tidy()) {
                return PartEnd::medium;
            }
        }
        tend(now, stale);
        stale = stale && synced_at_ < now;
        publish();
        if (reader_.at_end()) {
            return PartEnd::asked;
        }
        if (request_.split.value > 0 && file_->frames() >= request_.split.value) {
            return PartEnd::full;
        }
        rest(busy);
    }
}

/// Header, cue sheet and sync, each when it is time.
void RecordingWorker::tend(Clock::time_point now, bool stale) {
    write_cue_sheet();
    if (!stale || now - valid_at_ < valid_every) {
        return;
    }
    file_->make_valid();
    valid_at_ = now;
    if (now - synced_at_ >= sync_every) {
        file_->sync();
        synced_at_ = Clock::now();
    }
}

/// Removes what is to be kept no longer. False when the medium is nearly full and nothing may be removed.
bool RecordingWorker::tidy() {
    if (request_.keep) {
        for (const auto& path : request_.keep->apply(path_)) {
            tell_removed(path, "older or more than --record-keep");
        }
    }
    while (!request_.open && medium_is_full(path_.parent_path())) {
        if (!make_room()) {
            return false;
        }
    }
    return true;
}

void RecordingWorker::tell_removed(const std::filesystem::path& path, const char* why) {
    RecordingEvent gone = event(RecordingEvent::Kind::removed, why);
    gone.path = path;
    tell(gone);
}

/// False when the medium takes no more.
bool RecordingWorker::copy_some(bool& busy) {
    std::size_t wanted = record_frames;
    if (request_.split.value > 0) {
        const std::int64_t left = std::max<std::int64_t>(0, request_.split.value - file_->frames());
        wanted = std::min(wanted, static_cast<std::size_t>(left));
    }
    const bool was_attached = reader_.attached();
    const TapReader::Part part = reader_.read(std::span{buffer_}.first(2 * wanted));
    if (!was_attached && reader_.attached()) {
        part_from_ = reader_.first_frame();
        part_position_ = reader_.position() - static_cast<std::int64_t>(part.frames) - part.lost;
    }
    busy = part.frames > 0;
    if (part.lost > 0 && !write_silence(part.lost)) {
        return false;
    }
    return part.frames == 0 || file_->write(std::span{buffer_}.first(2 * part.frames)) == part.frames;
}

bool RecordingWorker::write_silence(std::int64_t frames) {
    const std::array<float, std::size_t{2} * 1024> silence{};
    while (frames > 0) {
        const auto run = static_cast<std::size_t>(std::min<std::int64_t>(frames, 1024));
        if (file_->write(std::span{silence}.first(2 * run)) != run) {
            return false;
        }
        frames -= static_cast<std::int64_t>(run);
    }
    return true;
}

/// An end told late cuts what was written since; an end before this file's begin (a split came between) cuts nothing.
void RecordingWorker::cut_what_came_after() {
    const std::int64_t kept = file_->frames() - reader_.read_too_much();
    if (kept > 0) {
        file_->cut_to(kept);
    }
}

bool RecordingWorker::make_room() {
    const auto removed = request_.keep ? request_.keep->remove_oldest(path_) : std::nullopt;
    if (removed) {
        tell_removed(*removed, "the medium is full");
    }
    return removed.has_value();
}

bool RecordingWorker::close_part() {
    write_cue_sheet();
    const bool whole = file_->close();
    publish();
    return whole;
}

/// Also from the disk, with its cue sheet. False where it is no file that was made here, or stays.
bool RecordingWorker::remove_part(const char* why) {
    std::error_code error;
    if (request_.open || !std::filesystem::remove(path_, error)) {
        return false;
    }
    if (!sheet_.empty()) {
        std::filesystem::remove(sheet_, error);
    }
    tell_removed(path_, why);
    return true;
}

void RecordingWorker::write_cue_sheet() {
    std::vector<CueTrack> tracks;
    {
        const std::lock_guard lock{mutex_};
        if (titles_.size() == titles_written_) {
            return;
        }
        titles_written_ = titles_.size();
        for (const Played& played : titles_) {
            const std::int64_t frame = played.position <= part_position_ ? 0 : played.position - part_position_;
            if (!tracks.empty() && tracks.back().frame == frame) {
                tracks.pop_back();  // what played before this file began
            }
            tracks.push_back({frame, played.title});
        }
    }
    try {
        sheet_ = sheet_.empty() ? cue_path(path_) : sheet_;
        write_atomically(sheet_, cue_sheet(path_, tracks, tap_->rate()), Durability::process, 0644);
    } catch (const std::exception& error) {
        if (!std::exchange(sheet_failed_, true)) {
            tell(event(RecordingEvent::Kind::no_sheet, error.what()));
        }
    }
}

void RecordingWorker::rest(bool busy) {
    std::unique_lock lock{mutex_};
    if (!busy) {
        changed_.wait_for(lock, record_nap);
    } else if (reader_.lag() < static_cast<std::int64_t>(record_frames / 8)) {
        changed_.wait_for(lock, record_nap, [&] { return stop_at_.has_value(); });
    }
}

void RecordingWorker::publish() {
    const std::lock_guard lock{mutex_};
    status_ = {.state = reader_.attached() ? State::recording : State::waiting,
               .path = path_,
               .from = part_from_,
               .frames = file_->frames(),
               .lost = reader_.lost(),
               .dropouts = reader_.dropouts(),
               .lag = reader_.lag()};
}

void RecordingWorker::stop(std::optional<JackFrame> frame) {
    const std::lock_guard lock{mutex_};
    if (!stop_at_ || *stop_at_ > tap_->now()) {
        told_to_stop_ = Clock::now();
    }
    stop_at_ = frame.value_or(tap_->now());
    changed_.notify_all();
}

void RecordingWorker::played(JackFrame frame, const Title& title) {
    const std::int64_t position = tap_->written() == 0 ? 0 : tap_->position_of(frame);
    const std::lock_guard lock{mutex_};
    if (!titles_.empty() && titles_.back().title == title) {
        return;
    }
    if (titles_.size() == most_titles) {
        titles_.erase(titles_.begin() + 1, titles_.begin() + most_titles / 2);
    }
    titles_.push_back({position, title});
}

Recording::Status RecordingWorker::status() const {
    const std::lock_guard lock{mutex_};
    return status_;
}

void RecordingWorker::abandon_at(std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, told_to_stop_ + patience,
                        [&] { return status_.state == State::finished || status_.state == State::failed; });
    listener_ = nullptr;
}

RecordingEvent RecordingWorker::event(RecordingEvent::Kind kind, const std::string& text) const {
    return {kind, path_, part_from_, file_ ? file_->frames() : 0, text};
}

void RecordingWorker::end(State state, const RecordingEvent& last) {
    {
        const std::lock_guard lock{mutex_};
        status_.state = state;
        status_.path = last.path;  // not this one's, when it was removed
        status_.from = last.from;
        status_.frames = last.frames;
        changed_.notify_all();
    }
    tell(last);
}

void RecordingWorker::tell(const RecordingEvent& told) {
    Recording::Listener copy;
    {
        const std::lock_guard lock{mutex_};
        copy = listener_;
    }
    if (copy) {
        copy(told);
    }
}

}  // namespace crowdjack
