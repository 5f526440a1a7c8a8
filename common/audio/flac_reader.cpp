// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/flac_reader.hpp"

#include "common/error.hpp"

#include <FLAC/stream_decoder.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace crowdjack {

/// libFLAC, given one piece of memory at a time.
class FlacReader::Decoder {
public:
    /// @param info  a "fLaC" with STREAMINFO, for frames that leave out what it says; may be empty
    explicit Decoder(std::span<const std::byte> info) : handle_{FLAC__stream_decoder_new()} {
        if (handle_ == nullptr ||
            FLAC__stream_decoder_init_stream(handle_.get(), give, nullptr, tell, nullptr, nullptr, take, nullptr, fail,
                                             this) != FLAC__STREAM_DECODER_INIT_STATUS_OK) {
            throw Failure{"libFLAC can't begin: is there memory left?"};
        }
        if (!info.empty()) {
            input_ = info;
            FLAC__stream_decoder_process_until_end_of_metadata(handle_.get());
        }
    }

    /// Decodes the frame that `bytes` begins with. @param interleaved  null: only to see whether it can be
    /// @returns how many bytes it has; 0: it can't be decoded
    std::size_t decode(std::span<const std::byte> bytes, std::vector<float>* interleaved) {
        FLAC__stream_decoder_flush(handle_.get());
        input_ = bytes;
        given_ = 0;
        came_ = false;
        failed_ = false;
        out_ = interleaved;
        while (!came_ && !failed_) {
            if (FLAC__stream_decoder_process_single(handle_.get()) == 0 ||
                FLAC__stream_decoder_get_state(handle_.get()) == FLAC__STREAM_DECODER_END_OF_STREAM) {
                break;
            }
        }
        FLAC__uint64 end = 0;
        const bool known = FLAC__stream_decoder_get_decode_position(handle_.get(), &end) != 0;
        return came_ && !failed_ ? (known ? static_cast<std::size_t>(end) : bytes.size()) : 0;
    }

private:
    struct Delete {
        void operator()(FLAC__StreamDecoder* handle) const noexcept { FLAC__stream_decoder_delete(handle); }
    };

    static FLAC__StreamDecoderReadStatus give(const FLAC__StreamDecoder* /*handle*/, FLAC__byte* to, std::size_t* size,
                                              void* self) {
        auto* const me = static_cast<Decoder*>(self);
        const std::size_t count = std::min(*size, me->input_.size() - me->given_);
        std::memcpy(to, me->input_.data() + me->given_, count);
        me->given_ += count;
        *size = count;
        return count > 0 ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    }

    static FLAC__StreamDecoderTellStatus tell(const FLAC__StreamDecoder* /*handle*/, FLAC__uint64* at, void* self) {
        *at = static_cast<Decoder*>(self)->given_;
        return FLAC__STREAM_DECODER_TELL_STATUS_OK;
    }

    static FLAC__StreamDecoderWriteStatus take(const FLAC__StreamDecoder* /*handle*/, const FLAC__Frame* frame,
                                               const FLAC__int32* const* channels, void* self) {
        auto* const me = static_cast<Decoder*>(self);
        me->came_ = true;
        if (me->out_ != nullptr) {
            const float scale = std::ldexp(1.0F, 1 - static_cast<int>(frame->header.bits_per_sample));
            const std::size_t count = frame->header.channels;
            me->out_->resize(frame->header.blocksize * count);
            for (std::size_t i = 0; i < frame->header.blocksize; ++i) {
                for (std::size_t c = 0; c < count; ++c) {
                    (*me->out_)[i * count + c] = static_cast<float>(channels[c][i]) * scale;
                }
            }
        }
        return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
    }

    static void fail(const FLAC__StreamDecoder* /*handle*/, FLAC__StreamDecoderErrorStatus /*status*/, void* self) {
        static_cast<Decoder*>(self)->failed_ = true;
    }

    std::unique_ptr<FLAC__StreamDecoder, Delete> handle_;
    std::span<const std::byte> input_;
    std::size_t given_{};
    std::vector<float>* out_{};
    bool came_{}, failed_{};
};

FlacReader::FlacReader(std::span<const std::byte> bytes, std::vector<std::byte> owned)
    : owned_{std::move(owned)}, bytes_{owned_.empty() ? bytes : std::span<const std::byte>{owned_}} {
    if (const auto info = flac_info_at(bytes_, 0)) {
        info_ = *info;
    }
    decoder_ = std::make_unique<Decoder>(info_.rate > 0 ? bytes_.first(info_.audio_begin) : bytes_.first(0));
    std::int64_t samples = 0;
    frames_ = find_flac_frames(
        bytes_, info_, [this](std::size_t at) { return decoder_->decode(bytes_.subspan(at), nullptr); }, samples);
    if (frames_.empty()) {
        throw Failure{"it holds no audio"};
    }
    format_.rate = info_.rate;
    format_.channels = info_.channels;
    format_.claimed_frames = info_.claimed;
    format_.bits = info_.bits <= 16 ? 16 : 24;
    format_.encoding = "FLAC, " + std::to_string(info_.bits) + " bit";
    keep(0, samples);
}

FlacReader::~FlacReader() = default;

std::int64_t FlacReader::go_to(std::int64_t frame) {
    const auto after = std::upper_bound(frames_.begin(), frames_.end(), frame,
                                        [](std::int64_t wanted, const FlacFrame& each) { return wanted < each.first; });
    next_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, after - frames_.begin())) - 1;
    return frames_[next_].first;
}

bool FlacReader::next_block(std::vector<float>& interleaved) {
    if (next_ >= frames_.size()) {
        return false;
    }
    const FlacFrame& frame = frames_[next_++];
    const std::int64_t end = next_ < frames_.size() ? frames_[next_].first : format_.frames;
    decoder_->decode(bytes_.subspan(frame.at, frame.bytes), &interleaved);
    interleaved.resize(static_cast<std::size_t>(end - frame.first) * format_.channels);  // silent if it was damaged
    return true;
}

}  // namespace crowdjack
