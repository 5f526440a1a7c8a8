// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/decoded_source.hpp"

#include "common/audio/pcm_format.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

DecodedSource::DecodedSource(std::shared_ptr<const MappedFile> file, std::unique_ptr<TrackReader> reader,
                             std::shared_ptr<DecodedMemory> budget)
    : file_{std::move(file)},
      budget_{std::move(budget)},
      format_{reader->format()},
      reader_{std::move(reader)},
      chunks_(static_cast<std::size_t>((format_.frames + chunk_frames - 1) / chunk_frames)),
      interleaved_(static_cast<std::size_t>(chunk_frames) * format_.channels),
      heard_of_(chunks_.size()) {
    reader_->seek(0);
}

DecodedSource::~DecodedSource() { budget_->give_back(there_ * chunk_bytes); }

std::size_t DecodedSource::read(std::int64_t first, std::span<float> left, std::span<float> right) {
    std::fill(left.begin(), left.end(), 0.0F);
    std::fill(right.begin(), right.end(), 0.0F);
    const std::int64_t size = static_cast<std::int64_t>(left.size());
    const std::int64_t end = std::min(first + size, format_.frames);
    const std::lock_guard lock{mutex_};
    for (std::int64_t at = std::max<std::int64_t>(first, 0); at < end;) {
        const Chunk& from = chunk(static_cast<std::size_t>(at / chunk_frames));
        const std::int64_t inside = at % chunk_frames;
        const std::int64_t count = std::min(end - at, chunk_frames - inside);
        const std::ptrdiff_t to = at - first;
        std::copy_n(from.left.begin() + inside, count, left.begin() + to);
        std::copy_n(from.right.begin() + inside, count, right.begin() + to);
        if (from.valid < std::min(chunk_frames, format_.frames - (at - inside)) && inside + count > from.valid) {
            return static_cast<std::size_t>(std::max<std::int64_t>(0, at - inside + from.valid - first));
        }
        at += count;
    }
    return left.size();
}

bool DecodedSource::work_ahead() {
    const std::lock_guard lock{mutex_};
    for (std::size_t tried = 0; there_ < chunks_.size() && tried < chunks_.size(); ++tried) {
        const std::size_t index = (ahead_ + tried) % chunks_.size();
        if (chunks_[index] == nullptr) {
            if (!budget_->has_room(chunk_bytes)) {
                return false;  // what is needed then is decoded when it is
            }
            decode(index);
            ahead_ = index + 1;
            break;
        }
    }
    return there_ < chunks_.size();
}

const DecodedSource::Chunk& DecodedSource::chunk(std::size_t index) {
    if (chunks_[index] == nullptr) {
        decode(index);
    }
    ahead_ = index + 1;
    chunks_[index]->used = ++reads_;
    return *chunks_[index];
}

void DecodedSource::make_room() {
    if (budget_->take(chunk_bytes)) {
        return;
    }
    if (there_ < least_chunks) {
        budget_->take_anyway(chunk_bytes);
        return;
    }
    std::size_t oldest = chunks_.size();
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        if (chunks_[i] != nullptr && (oldest == chunks_.size() || chunks_[i]->used < chunks_[oldest]->used)) {
            oldest = i;
        }
    }
    chunks_[oldest].reset();  // its room is taken over
    --there_;
}

void DecodedSource::decode(std::size_t index) {
    make_room();
    auto made = std::make_unique<Chunk>();
    made->left.resize(static_cast<std::size_t>(chunk_frames));
    made->right.resize(static_cast<std::size_t>(chunk_frames));
    const std::int64_t begin = static_cast<std::int64_t>(index) * chunk_frames;
    const auto wanted = static_cast<std::size_t>(std::min(chunk_frames, format_.frames - begin));
    std::size_t came = 0;
    if (reader_at_ == begin || reader_->seek(begin)) {
        while (came < wanted) {
            const std::size_t got = reader_->read(interleaved_.data() + came * format_.channels, wanted - came);
            if (got == 0) {
                break;
            }
            came += got;
        }
    }
    reader_at_ = begin + static_cast<std::int64_t>(came);
    const std::size_t second = format_.channels > 1 ? 1 : 0;
    for (std::size_t i = 0; i < came; ++i) {
        made->left[i] = interleaved_[i * format_.channels];
        made->right[i] = interleaved_[i * format_.channels + second];
    }
    made->valid = static_cast<std::int64_t>(came);
    const std::size_t cleaned = clean(made->left) + clean(made->right);
    if (!heard_of_[index]) {
        heard_of_[index] = true;
        cleaned_.fetch_add(cleaned, std::memory_order_relaxed);
    }
    chunks_[index] = std::move(made);
    ++there_;
    memory_.store(there_ * chunk_bytes, std::memory_order_relaxed);
}

}  // namespace crowdjack
