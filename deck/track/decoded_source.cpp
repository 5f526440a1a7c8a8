// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/decoded_source.hpp"

#include "common/error.hpp"
#include "deck/track/pcm_format.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::int64_t most_bytes = std::int64_t{2} << 30;
constexpr std::int64_t bytes_per_frame = 2 * sizeof(float);

}  // namespace

DecodedSource::DecodedSource(std::shared_ptr<const MappedFile> file, std::unique_ptr<SoundReader> reader)
    : file_{std::move(file)},
      format_{reader->format()},
      reader_{std::move(reader)},
      interleaved_(static_cast<std::size_t>(chunk_frames) * format_.channels) {
    if (format_.frames > most_bytes / bytes_per_frame) {
        throw Failure{"cannot play '" + file_->path().string() +
                      "': decoded it would need more than 2 GiB of memory (" +
                      std::to_string(static_cast<long long>(static_cast<double>(format_.frames) / format_.rate)) +
                      " s of " + format_.encoding + "): convert it to WAV, which is never loaded whole"};
    }
    chunks_.resize(static_cast<std::size_t>((format_.frames + chunk_frames - 1) / chunk_frames));
    missing_ = chunks_.size();
    reader_->seek(0);
}

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
    if (reader_ != nullptr && !reader_->seeks_exactly()) {
        ahead_ = static_cast<std::size_t>(reader_at_ / chunk_frames);
    }
    for (std::size_t tried = 0; missing_ > 0 && tried < chunks_.size(); ++tried) {
        const std::size_t index = (ahead_ + tried) % chunks_.size();
        if (chunks_[index] == nullptr) {
            decode(index);
            ahead_ = index + 1;
            break;
        }
    }
    return missing_ > 0;
}

const DecodedSource::Chunk& DecodedSource::chunk(std::size_t index) {
    if (chunks_[index] == nullptr && !reader_->seeks_exactly()) {
        for (std::size_t before = 0; before < index; ++before) {
            if (chunks_[before] == nullptr) {
                decode(before);
            }
        }
    }
    if (chunks_[index] == nullptr) {
        decode(index);
    }
    ahead_ = index + 1;
    return *chunks_[index];
}

void DecodedSource::decode(std::size_t index) {
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
    cleaned_.fetch_add(clean(made->left) + clean(made->right), std::memory_order_relaxed);
    memory_.fetch_add(2 * sizeof(float) * static_cast<std::size_t>(chunk_frames), std::memory_order_relaxed);
    chunks_[index] = std::move(made);
    if (--missing_ == 0) {
        reader_.reset();
    }
}

}  // namespace crowdjack
